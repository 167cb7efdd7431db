// Starting the monitor, and signalling processes without a race on their pids.
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "../common/pidfd.h"
#include "addon.h"
#include "pending.h"

namespace tc {

namespace {

constexpr int answer_target = 3;
constexpr int lock_target = 4;
constexpr int first_socket_target = 5;
constexpr size_t largest_answer = 65536;

struct Start {
  std::string executable;
  std::string bundle;
  int lock = -1;
  std::vector<int> sockets;
  int network_namespace = -1;
  int client = -1;
  int secrets = -1;
  int lifeline = -1;
};

// The one packet of the monitor, or end-of-file if it was killed: then the promise resolves with an empty string.
class Answer : public Watch {
 public:
  Answer(Fd socket, pid_t launcher, std::unique_ptr<Pending> pending)
      : socket_(std::move(socket)), launcher_(launcher), pending_(std::move(pending)) {}

  bool readable() override {
    std::string packet(largest_answer, '\0');
    ssize_t got = recv(socket_.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    Error error = got < 0 ? fail("start", "recv") : Error{};
    // The launcher ends as soon as it has forked the monitor, so whoever answers, it is gone or going.
    while (waitpid(launcher_, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (error) {
      Pending::reject(std::move(pending_), error);
    } else {
      packet.resize(static_cast<size_t>(got));
      Pending::resolve(std::move(pending_), [packet](Napi::Env env) { return Napi::String::New(env, packet); });
    }
    return true;
  }

  void cancelled() override {}

 private:
  Fd socket_;
  pid_t launcher_;
  std::unique_ptr<Pending> pending_;
};

bool read_optional(Napi::Object request, const char* name, int* fd) {
  Napi::Value value = request.Get(name);
  if (value.IsUndefined()) return true;
  *fd = to_descriptor(request.Env(), value);
  return *fd >= 0;
}

bool read_start(const Napi::CallbackInfo& info, Start* start) {
  Napi::Env env = info.Env();
  if (!info[0].IsObject()) return throw_type_error(env, "a start is an object"), false;
  Napi::Object request = info[0].As<Napi::Object>();
  start->executable = request.Get("executable").ToString();
  start->bundle = request.Get("bundle").ToString();
  start->lock = to_descriptor(env, request.Get("lock"));
  if (start->lock < 0) return false;
  Napi::Value sockets = request.Get("sockets");
  if (!sockets.IsArray()) return throw_type_error(env, "sockets is an array of descriptors"), false;
  for (uint32_t i = 0; i < sockets.As<Napi::Array>().Length(); i++) {
    int fd = to_descriptor(env, sockets.As<Napi::Array>().Get(i));
    if (fd < 0) return false;
    start->sockets.push_back(fd);
  }
  return read_optional(request, "networkNamespace", &start->network_namespace) &&
         read_optional(request, "client", &start->client) && read_optional(request, "secrets", &start->secrets) &&
         read_optional(request, "lifeline", &start->lifeline);
}

// Copies of all the descriptors above every target, so that no dup2 overwrites one that is still to be copied.
Error copy_above(const std::vector<int>& sources, std::vector<Fd>* copies) {
  int floor = answer_target + static_cast<int>(sources.size());
  for (int source : sources) {
    int copy = fcntl(source, F_DUPFD_CLOEXEC, floor);
    if (copy < 0) return fail("start", "fcntl");
    copies->emplace_back(copy);
  }
  return {};
}

// posix_spawn, because it does not copy the page tables of a large process as fork does. Its functions return errno.
Error spawn(const Start& start, int answer, pid_t* launcher) {
  std::vector<int> sources = {answer, start.lock};
  sources.insert(sources.end(), start.sockets.begin(), start.sockets.end());
  if (start.network_namespace >= 0) sources.push_back(start.network_namespace);
  if (start.client >= 0) sources.push_back(start.client);
  if (start.secrets >= 0) sources.push_back(start.secrets);
  if (start.lifeline >= 0) sources.push_back(start.lifeline);
  std::vector<Fd> copies;
  if (Error error = copy_above(sources, &copies)) return error;

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  posix_spawn_file_actions_adddup2(&actions, 0, 2);
  for (size_t i = 0; i < copies.size(); i++) {
    posix_spawn_file_actions_adddup2(&actions, copies[i].get(), answer_target + static_cast<int>(i));
  }
  // What Node itself inherited from its caller may lack close-on-exec.
  posix_spawn_file_actions_addclosefrom_np(&actions, answer_target + static_cast<int>(copies.size()));

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  // Not sigfillset: it leaves out two signals that glibc uses itself, and posix_spawn would make them ignored.
  memset(&signals, 0xff, sizeof signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  // Its own session at once: a Ctrl-C for the caller must not reach a container that is being made.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);

  std::string count = std::to_string(start.sockets.size());
  std::string disable = std::string("TCOMPOSE_DISABLE=") + (getenv("TCOMPOSE_DISABLE") ?: "");
  std::vector<const char*> argv = {"tcrun", "monitor", start.bundle.c_str(), count.c_str()};
  if (start.network_namespace >= 0) argv.push_back("--netns");
  if (start.client >= 0) argv.push_back("--client");
  if (start.secrets >= 0) argv.push_back("--secrets");
  if (start.lifeline >= 0) argv.push_back("--lifeline");
  argv.push_back(nullptr);
  const char* envp[] = {getenv("TCOMPOSE_DISABLE") ? disable.c_str() : nullptr, nullptr};
  int errnum = posix_spawn(launcher, start.executable.c_str(), &actions, &attributes, const_cast<char* const*>(argv.data()),
                           const_cast<char* const*>(envp));
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return errnum == 0 ? Error{} : fail_with(errnum, "start", "posix_spawn", start.executable.c_str());
}

Napi::Value spawn_monitor(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Start start;
  if (!read_start(info, &start)) return env.Undefined();
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
    return throw_error(env, fail("start", "socketpair"));
  }
  Fd ours(pair[0]), theirs(pair[1]);
  pid_t launcher;
  if (Error error = spawn(start, theirs.get(), &launcher)) return throw_error(env, error);
  theirs.reset();

  auto pending = std::make_unique<Pending>(env);
  Napi::Promise promise = pending->promise();
  int fd = ours.get();
  if (Error error = watch_descriptor(fd, std::make_unique<Answer>(std::move(ours), launcher, std::move(pending)))) {
    return throw_error(env, error);
  }
  return promise;
}

// Field 22 of /proc/PID/stat, in clock ticks after boot; the command name before it may hold spaces and parentheses.
bool has_start_time(pid_t pid, uint64_t expected) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  Fd file(open(path, O_RDONLY | O_CLOEXEC));
  char text[1024];
  ssize_t length = file ? read(file.get(), text, sizeof text - 1) : -1;
  if (length <= 0) return false;
  text[length] = '\0';
  const char* field = strrchr(text, ')');
  for (int number = 2; field && number < 22; number++) field = strchr(field + 1, ' ');
  return field && strtoull(field + 1, nullptr, 10) == expected;
}

Napi::Value signal_process(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  pid_t pid = info[0].ToNumber().Int32Value();
  auto start_time = static_cast<uint64_t>(info[1].ToNumber().Int64Value());
  int signal = info[2].ToNumber().Int32Value();
  // 0 and -1 are not processes but groups of them.
  if (pid <= 0) return throw_type_error(env, "a pid is greater than 0");
  Fd process(pidfd_open(pid));
  if (!process && errno != ESRCH) return throw_error(env, fail("signal", "pidfd_open"));
  if (!process || !has_start_time(pid, start_time)) return Napi::Boolean::New(env, false);
  if (pidfd_send_signal(process.get(), signal) == 0) return Napi::Boolean::New(env, true);
  if (errno == ESRCH) return Napi::Boolean::New(env, false);
  return throw_error(env, fail("signal", "pidfd_send_signal"));
}

// Bit n is capability n.
Napi::Value effective_capabilities(const Napi::CallbackInfo& info) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) < 0) return throw_error(info.Env(), fail("capabilities", "capget"));
  uint64_t mask = static_cast<uint64_t>(data[1].effective) << 32 | data[0].effective;
  return Napi::BigInt::New(info.Env(), mask);
}

}  // namespace

void init_process(Napi::Object exports) {
  set_function(exports, "spawnMonitor", spawn_monitor);
  set_function(exports, "signalProcess", signal_process);
  set_function(exports, "effectiveCapabilities", effective_capabilities);
}

}  // namespace tc
