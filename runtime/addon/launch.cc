// Starting the monitor.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "../common/seal.h"
#include "addon.h"
#include "pending.h"

namespace tc {

namespace {

constexpr int answer_target = 3;
constexpr size_t largest_answer = 65536;

// What the monitor gets: descriptors, in the order of their targets from `answer_target` on, and arguments.
struct Start {
  std::string executable;
  std::vector<std::string> arguments;
  std::vector<Fd> descriptors;
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

bool read_descriptors(const Napi::CallbackInfo& info, std::vector<int>* sources, Start* start) {
  Napi::Env env = info.Env();
  if (!info[0].IsObject()) return throw_type_error(env, "a start is an object"), false;
  Napi::Object request = info[0].As<Napi::Object>();
  Napi::Value sockets = request.Get("sockets");
  if (!sockets.IsArray()) return throw_type_error(env, "sockets is an array of descriptors"), false;
  uint32_t count = sockets.As<Napi::Array>().Length();
  sources->push_back(to_descriptor(env, request.Get("lock")));
  for (uint32_t i = 0; i < count && sources->back() >= 0; i++) {
    sources->push_back(to_descriptor(env, sockets.As<Napi::Array>().Get(i)));
  }
  start->executable = request.Get("executable").ToString();
  start->arguments = {request.Get("bundle").ToString(), std::to_string(count)};
  static constexpr const char* optional[][2] = {
      {"networkNamespace", "--netns"}, {"client", "--client"}, {"secrets", "--secrets"}, {"lifeline", "--lifeline"}};
  for (const auto& [name, flag] : optional) {
    Napi::Value value = request.Get(name);
    if (value.IsUndefined() || sources->back() < 0) continue;
    sources->push_back(to_descriptor(env, value));
    start->arguments.push_back(flag);
  }
  return sources->back() >= 0;
}

// Copies of all the descriptors above every target, so that no dup2 overwrites one that is still to be copied. They are
// the start's own: the caller may close its descriptors at once.
Error copy_above(const std::vector<int>& sources, std::vector<Fd>* copies) {
  int floor = answer_target + static_cast<int>(sources.size());
  for (int source : sources) {
    int copy = fcntl(source, F_DUPFD_CLOEXEC, floor);
    if (copy < 0) return fail("start", "fcntl");
    copies->emplace_back(copy);
  }
  return {};
}

// One view for all monitors of this process, which then need not make one each. Null: each has to.
std::shared_ptr<Fd> sealed_view(const std::string& executable) {
  static std::mutex mutex;
  static std::string* path = new std::string;
  static auto* view = new std::shared_ptr<Fd>;
  std::lock_guard<std::mutex> guard(mutex);
  if (*path == executable) return *view;
  auto made = std::make_shared<Fd>();
  if (seal_by_mount(executable.c_str(), made.get())) return nullptr;
  *path = executable;
  return *view = made;
}

class Actions {
 public:
  Actions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDWR, 0);
    copy(0, 1);
    copy(0, 2);
  }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  void copy(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  // What Node itself inherited from its caller may lack close-on-exec.
  void close_from(int first) { posix_spawn_file_actions_addclosefrom_np(&actions_, first); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    // Not sigfillset: it leaves out two signals that glibc uses itself, and posix_spawn would make them ignored.
    memset(&signals, 0xff, sizeof signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    // Its own session at once: a Ctrl-C for the caller must not reach a container that is being made.
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

// posix_spawn, because it does not copy the page tables of a large process as fork does. Its functions return errno.
int spawn_role(const Start& start, const char* executable, const char* role, pid_t* launcher) {
  Actions actions;
  Attributes attributes;
  int next = answer_target;
  for (const Fd& descriptor : start.descriptors) actions.copy(descriptor.get(), next++);
  actions.close_from(next);
  std::string disable = std::string("TCOMPOSE_DISABLE=") + (getenv("TCOMPOSE_DISABLE") ?: "");
  std::vector<const char*> argv = {"tcrun", role};
  for (const std::string& argument : start.arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  const char* envp[] = {getenv("TCOMPOSE_DISABLE") ? disable.c_str() : nullptr, nullptr};
  return posix_spawn(launcher, executable, actions.get(), attributes.get(), const_cast<char* const*>(argv.data()),
                     const_cast<char* const*>(envp));
}

Error spawn(const Start& start, pid_t* launcher) {
  if (auto view = sealed_view(start.executable)) {
    // By way of this process: the new one gets no descriptor of it.
    std::string path = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(view->get());
    if (spawn_role(start, path.c_str(), "sealed-monitor", launcher) == 0) return {};
  }
  int errnum = spawn_role(start, start.executable.c_str(), "monitor", launcher);
  return errnum == 0 ? Error{} : fail_with(errnum, "start", "posix_spawn", start.executable.c_str());
}

// What one start hands to its thread: posix_spawn keeps its caller waiting until the new process has executed.
struct Launch {
  Start start;
  Fd answer;
  std::unique_ptr<Pending> pending;

  void run() {
    pid_t launcher;
    Error error = spawn(start, &launcher);
    start.descriptors.clear();
    if (error) return Pending::reject(std::move(pending), error);
    int fd = answer.get();
    // Only a descriptor that is watched already is refused, and this one is new.
    (void)watch_descriptor(fd, std::make_unique<Answer>(std::move(answer), launcher, std::move(pending)));
  }
};

Napi::Value spawn_monitor(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto launch = std::make_shared<Launch>();
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
    return throw_error(env, fail("start", "socketpair"));
  }
  launch->answer.reset(pair[0]);
  Fd theirs(pair[1]);
  std::vector<int> sources = {theirs.get()};
  if (!read_descriptors(info, &sources, &launch->start)) return env.Undefined();
  if (Error error = copy_above(sources, &launch->start.descriptors)) return throw_error(env, error);
  launch->pending = std::make_unique<Pending>(env);
  Napi::Promise promise = launch->pending->promise();
  if (Error error = start_thread([launch] { launch->run(); })) return throw_error(env, error);
  return promise;
}

}  // namespace

void init_launch(Napi::Object exports) { set_function(exports, "spawnMonitor", spawn_monitor); }

}  // namespace tc
