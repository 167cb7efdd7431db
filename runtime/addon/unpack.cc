// Starting the archive roles of tcrun (untar, settle, tar): a pipe for the archive, a pipe for the answer. And removing
// what they made.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "../common/remove_tree.h"
#include "addon.h"
#include "pending.h"

namespace tc {

namespace {

constexpr size_t largest_answer = 256 << 20;
// What a pipe holds at most without CAP_SYS_RESOURCE (/proc/sys/fs/pipe-max-size).
constexpr int pipe_size = 1 << 20;

struct Request {
  std::string executable;
  std::vector<std::string> arguments;  // the role first
  int directory = -1;
  int lock = -1;
  int user_namespace = -1;
  int input = -1;  // an open file to read the archive from, instead of a pipe
  bool writes = false;
};

// Collects the answer until the role closes its end, which it does by ending.
class Answer : public Watch {
 public:
  Answer(Fd pipe, pid_t role, std::unique_ptr<Pending> pending)
      : pipe_(std::move(pipe)), role_(role), pending_(std::move(pending)) {}

  bool readable() override {
    char chunk[16384];
    ssize_t got = read(pipe_.get(), chunk, sizeof chunk);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got > 0 && text_.size() + static_cast<size_t>(got) <= largest_answer) {
      text_.append(chunk, static_cast<size_t>(got));
      return false;
    }
    if (got > 0) kill(role_, SIGKILL);
    finish();
    return true;
  }

  void cancelled() override { kill(role_, SIGKILL); }

 private:
  void finish() {
    int status = 0;
    while (waitpid(role_, &status, 0) < 0 && errno == EINTR) {
    }
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    Pending::resolve(std::move(pending_), [text = std::move(text_), signal](Napi::Env env) {
      Napi::Object result = Napi::Object::New(env);
      result.Set("text", Napi::Buffer<char>::Copy(env, text.data(), text.size()));
      result.Set("signal", signal);
      return result;
    });
  }

  Fd pipe_;
  pid_t role_;
  std::unique_ptr<Pending> pending_;
  std::string text_;
};

bool optional_descriptor(const Napi::Object& request, const char* name, int* fd) {
  Napi::Value value = request.Get(name);
  if (value.IsUndefined()) return true;
  *fd = to_descriptor(request.Env(), value);
  return *fd >= 0;
}

bool read_request(const Napi::CallbackInfo& info, Request* request) {
  Napi::Env env = info.Env();
  if (!info[0].IsObject()) return throw_type_error(env, "a request is an object"), false;
  Napi::Object object = info[0].As<Napi::Object>();
  request->executable = object.Get("executable").ToString();
  std::string role = object.Get("role").ToString();
  request->arguments.push_back(role);
  request->writes = role == "tar" || role == "copy-out";
  Napi::Value arguments = object.Get("arguments");
  if (!arguments.IsArray()) return throw_type_error(env, "arguments is an array of strings"), false;
  for (uint32_t i = 0; i < arguments.As<Napi::Array>().Length(); i++) {
    request->arguments.push_back(arguments.As<Napi::Array>().Get(i).ToString());
  }
  request->directory = to_descriptor(env, object.Get("directory"));
  return request->directory >= 0 && optional_descriptor(object, "lock", &request->lock) &&
         optional_descriptor(object, "userNamespace", &request->user_namespace) &&
         optional_descriptor(object, "input", &request->input);
}

// Standard input and output, the answer, the directory, the user namespace and the lock, in the order of their numbers in the role.
Error spawn(const Request& request, std::vector<int> sources, pid_t* role) {
  std::vector<Fd> copies;
  for (int source : sources) {
    // Above every target, so that no dup2 overwrites one that is still to be copied.
    int copy = fcntl(source, F_DUPFD_CLOEXEC, static_cast<int>(sources.size()));
    if (copy < 0) return fail("start", "fcntl");
    copies.emplace_back(copy);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (size_t i = 0; i < copies.size(); i++) {
    posix_spawn_file_actions_adddup2(&actions, copies[i].get(), static_cast<int>(i));
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, static_cast<int>(copies.size()));
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  // Not sigfillset: it leaves out two signals that glibc uses itself, and posix_spawn would make them ignored.
  memset(&signals, 0xff, sizeof signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<const char*> argv = {"tcrun"};
  for (const std::string& argument : request.arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  const char* envp[] = {nullptr};
  int errnum = posix_spawn(role, request.executable.c_str(), &actions, &attributes,
                           const_cast<char* const*>(argv.data()), const_cast<char* const*>(envp));
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return errnum == 0 ? Error{} : fail_with(errnum, "start", "posix_spawn", request.executable.c_str());
}

Error make_pipe(Fd* read_end, Fd* write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return fail("start", "pipe2");
  read_end->reset(ends[0]);
  write_end->reset(ends[1]);
  return {};
}

Error start(const Request& request, Fd* archive, Fd* answer, pid_t* role) {
  Fd null(open("/dev/null", O_RDWR | O_CLOEXEC)), read_end, write_end, answer_end;
  if (!null) return fail("start", "open", "/dev/null");
  if (Error error = make_pipe(answer, &answer_end)) return error;
  int input = request.input, output = null.get();
  if (request.writes || input < 0) {
    if (Error error = make_pipe(&read_end, &write_end)) return error;
    // Fewer switches between the two sides; with less it is only slower.
    fcntl(write_end.get(), F_SETPIPE_SZ, pipe_size);
  }
  if (request.writes) {
    input = null.get();
    output = write_end.get();
  } else if (input < 0) {
    input = read_end.get();
  }
  std::vector<int> sources = {input, output, null.get(), answer_end.get(), request.directory};
  if (request.user_namespace >= 0) sources.push_back(request.user_namespace);
  // The role does not use it; what it keeps from happening it keeps as long as the role lives.
  if (request.lock >= 0) sources.push_back(request.lock);
  if (Error error = spawn(request, sources, role)) return error;
  *archive = request.writes ? std::move(read_end) : std::move(write_end);
  return {};
}

// {pid, archive?, ended: Promise<{text, signal}>}
Napi::Value spawn_archiver(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Request request;
  if (!read_request(info, &request)) return env.Undefined();
  Fd archive, answer;
  pid_t role;
  if (Error error = start(request, &archive, &answer, &role)) return throw_error(env, error);
  auto pending = std::make_unique<Pending>(env);
  Napi::Promise promise = pending->promise();
  int fd = answer.get();
  if (Error error = watch_descriptor(fd, std::make_unique<Answer>(std::move(answer), role, std::move(pending)))) {
    kill(role, SIGKILL);
    waitpid(role, nullptr, 0);
    return throw_error(env, error);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", role);
  if (archive) result.Set("archive", archive.release());
  result.Set("ended", promise);
  return result;
}

Napi::Value remove_tree_below(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int parent = to_descriptor(env, info[0]);
  if (parent < 0) return env.Undefined();
  std::string name = info[1].ToString();
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return throw_type_error(env, "the name is one component of a path");
  }
  auto copy = std::make_shared<Fd>(fcntl(parent, F_DUPFD_CLOEXEC, 0));
  if (!*copy) return throw_error(env, fail("remove", "fcntl"));
  return run_on_thread(env, [copy, name] { return remove_tree(copy->get(), name.c_str()); });
}

}  // namespace

void init_unpack(Napi::Env, Napi::Object exports) {
  set_function(exports, "spawnArchiver", spawn_archiver);
  set_function(exports, "removeTree", remove_tree_below);
}

}  // namespace tc
