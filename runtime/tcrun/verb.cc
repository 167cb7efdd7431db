// Calls of another OCI runtime.
#include "verb.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>

#include "../common/file.h"
#include "../common/json.h"
#include "../common/pidfd.h"
#include "../common/receive_fd.h"
#include "../common/text.h"
#include "process.h"

namespace tc {

namespace {

constexpr size_t kMaxLog = 1 << 20;
constexpr char kErrors[] = "errors";

char** join_words(List<const char*> first, List<const char*> second, Arena& arena) {
  char** words = arena.make<char*>(first.count + second.count + 1);
  size_t count = 0;
  for (const char* word : first) words[count++] = const_cast<char*>(word);
  for (const char* word : second) words[count++] = const_cast<char*>(word);
  return words;
}

[[noreturn]] void execute_verb(const Spec& spec, const Verb& verb, int null, int report, pid_t parent) {
  Arena arena;
  char** args = join_words(spec.runtime.command, verb.words, arena);
  char** env = join_words(spec.runtime.env, {}, arena);
  (void)die_with_parent(parent);
  int errors = verb.stdio[2] >= 0 ? verb.stdio[2] : open(kErrors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int sources[3] = {verb.stdio[0] >= 0 ? verb.stdio[0] : null, verb.stdio[1] >= 0 ? verb.stdio[1] : null,
                    errors >= 0 ? errors : null};
  for (int& source : sources) source = fcntl(source, F_DUPFD_CLOEXEC, 3);
  for (int i = 0; i < 3; i++) dup2(sources[i], i);
  syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
  umask(022);
  execve(args[0], args, env);
  int reason = errno;
  (void)!write(report, &reason, sizeof reason);
  _exit(127);
}

// The text of the last entry of the log that is an error; empty without one.
const char* find_complaint(const char* log, Arena& arena) {
  const char* found = "";
  for (const char* line = log; *line;) {
    size_t length = strcspn(line, "\n");
    const Json* entry = nullptr;
    if (length && parse_json(line, length, arena, &entry).ok()) {
      const Json* level = entry->member("level");
      const Json* message = entry->member("msg");
      bool is_error = level && level->string && (!strcmp(level->string, "error") || !strcmp(level->string, "fatal"));
      if (is_error && message && message->string) found = message->string;
    }
    line += length + (line[length] == '\n');
  }
  return found;
}

const char* last_line(char* text) {
  size_t length = strlen(text);
  while (length && (text[length - 1] == '\n' || text[length - 1] == ' ')) text[--length] = '\0';
  const char* newline = strrchr(text, '\n');
  return newline ? newline + 1 : text;
}

// As the Engine tells them apart: by what runtimes say when the program is missing, or is none.
int classify(const char* complaint) {
  if (strstr(complaint, "executable file")) return strstr(complaint, "ermission denied") ? EACCES : ENOENT;
  bool is_execution = strstr(complaint, "exec: ") || strstr(complaint, "exec:") || strstr(complaint, "execve");
  if (!is_execution) return EIO;
  if (strstr(complaint, "no such file or directory") || strstr(complaint, "No such file or directory")) return ENOENT;
  bool is_refused = strstr(complaint, "ermission denied") || strstr(complaint, "xec format error");
  return is_refused ? EACCES : EIO;
}

Error tell(const Spec& spec, const char* complaint) {
  return explain(fail_with(classify(complaint), kRuntimeStep, "exit", spec.runtime.command[0]), complaint);
}

// What went wrong, in its own words: from the log, else from what it printed.
Error read_complaint(const Spec& spec) {
  Arena scratch;
  Bytes bytes;
  if (read_file(AT_FDCWD, "log", kMaxLog, scratch, &bytes).ok()) {
    const char* complaint = find_complaint(bytes.data, scratch);
    if (*complaint) return tell(spec, complaint);
  }
  if (read_file(AT_FDCWD, kErrors, kMaxLog, scratch, &bytes).ok() && bytes.length) {
    return tell(spec, last_line(const_cast<char*>(bytes.data)));
  }
  return fail_with(EIO, kRuntimeStep, "exit", spec.runtime.command[0]);
}

// False: it did not end in time, and was killed.
bool await_end(pid_t pid, uint64_t timeout_ms, int* status) {
  Fd process(pidfd_open(pid));
  pollfd poll_fd{process.get(), POLLIN, 0};
  int timeout = timeout_ms > INT32_MAX ? INT32_MAX : int(timeout_ms), ready;
  do {
    ready = poll(&poll_fd, 1, timeout);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) kill(pid, SIGKILL);
  while (waitpid(pid, status, 0) < 0 && errno == EINTR) {
  }
  return ready != 0;
}

}  // namespace

Error run_verb(const Spec& spec, const Verb& verb, int null) {
  const char* program = spec.runtime.command[0];
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(kRuntimeStep, "pipe2", program);
  Fd reading(ends[0]), writing(ends[1]);
  unlink(kErrors);
  pid_t self = getpid(), pid = fork();
  if (pid < 0) return fail(kRuntimeStep, "fork", program);
  if (pid == 0) execute_verb(spec, verb, null, writing.get(), self);
  writing.reset();
  int status = 0, reason = 0;
  if (!await_end(pid, spec.runtime.timeout_ms, &status)) {
    FixedText<96> text;
    text.add(verb.words[0]).add(": it did not end within ").number(int64_t(spec.runtime.timeout_ms / 1000)).add(" s");
    return explain(fail_with(ETIMEDOUT, kRuntimeStep, "poll", program), text.c_str());
  }
  // EIO, as this is not about the program of the container, of which nothing was looked at yet.
  if (read(reading.get(), &reason, sizeof reason) == sizeof reason) {
    return explain(fail_with(EIO, kRuntimeStep, "execve", program), strerrordesc_np(reason));
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Error{} : read_complaint(spec);
}

Error open_pid_file(const Spec& spec, Fd* pidfd) {
  Arena scratch;
  Bytes bytes;
  bool is_there = read_file(AT_FDCWD, "pid", 64, scratch, &bytes).ok();
  if (is_there) pidfd->reset(pidfd_open(pid_t(strtol(bytes.data, nullptr, 10))));
  if (*pidfd) return {};
  return explain(fail_with(EPROTO, kRuntimeStep, "open", spec.runtime.command[0]), "it did not say which process it made");
}

Error listen_console(Fd* listener) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  Text(address.sun_path).add("console");
  listener->reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  bool listens = *listener && bind(listener->get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                 listen(listener->get(), 1) == 0;
  return listens ? Error{} : fail("terminal", "bind", "console");
}

Error accept_console(int listener, Fd* master) {
  constexpr int kPatienceMs = 5000;
  constexpr timeval kPatience{kPatienceMs / 1000, 0};
  pollfd poll_fd{listener, POLLIN, 0};
  if (poll(&poll_fd, 1, kPatienceMs) != 1) return explain(fail_with(ETIMEDOUT, kRuntimeStep, "accept"), "no terminal came");
  Fd peer(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!peer) return fail("terminal", "accept4");
  setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  char text[256];
  if (receive_with_fd(peer.get(), text, sizeof text, 0, master) < 0) return fail("terminal", "recvmsg");
  return *master ? Error{} : fail_with(EPROTO, "terminal", "recvmsg");
}

void explain_by_output(int pipe, Error* error) {
  if (pipe < 0 || *error->detail || strcmp(error->step, kRuntimeStep) != 0) return;
  char text[2048];
  fcntl(pipe, F_SETFL, O_NONBLOCK);
  ssize_t got = read(pipe, text, sizeof text - 1);
  if (got <= 0) return;
  text[got] = '\0';
  *error = explain(*error, last_line(text));
}

}  // namespace tc
