// What a client of the control socket may ask for: docs/runtime-protocol.md, "Control socket".
#include <fcntl.h>
#include <sys/epoll.h>

#include <csignal>

#include "../common/json.h"
#include "decoder.h"
#include "monitor.h"
#include "terminal.h"

namespace tc {

namespace {

constexpr int kVersion = 1;
constexpr uint32_t kMaxPipe = 1 << 20;  // what the kernel gives a process without CAP_SYS_RESOURCE

struct Request {
  Monitor& monitor;
  size_t client;
  const Json* json;
  Arena& arena;
};

void answer(const Request& request, const Text& text) {
  send_line(request.monitor, request.client, text.c_str(), text.length());
}

void answer_ok(const Request& request) { send_line(request.monitor, request.client, "{\"ok\":true}\n", 12); }

void answer_status(const Request& request) {
  Text text(request.arena.make<char>(kMaxStatus), kMaxStatus);
  render_status(request.monitor, text);
  text.add('\n');
  answer(request, text);
}

void refuse(const Request& request, const Error& error) { send_error(request.monitor, request.client, error); }

Client& client_of(const Request& request) { return request.monitor.clients[request.client]; }

bool is_running(const Monitor& monitor) { return monitor.state == State::Running && !monitor.life.has_exited; }

Error not_running(const char* op) { return explain(fail_with(ESRCH, "control", op), "the container is not running"); }

void do_status(const Request& request) { answer_status(request); }

void do_subscribe(const Request& request) {
  client_of(request).subscribed = true;
  answer_status(request);
}

void do_signal(const Request& request) {
  Decoder in("request", request.arena);
  int signal = int(in.integer(request.json, "signal", 1, 64));
  if (in.error()) return refuse(request, in.error());
  Monitor& monitor = request.monitor;
  if (signal == SIGKILL) {
    Stop stop;
    stop.signal = SIGKILL;
    stop.by = StoppedBy::User;
    request_stop(monitor, stop);
    return answer_ok(request);
  }
  if (!is_running(monitor)) return refuse(request, not_running("signal"));
  signal_container(monitor, signal);
  answer_ok(request);
}

void do_stop(const Request& request) {
  constexpr int64_t kMaxMs = int64_t(1) << 50;
  const Spec& spec = request.monitor.spec;
  Decoder in("request", request.arena);
  Stop stop;
  stop.by = StoppedBy::User;
  stop.signal = int(in.optional_integer(request.json, "signal", 1, 64, spec.stop.signal));
  stop.grace_ms = in.optional_integer(request.json, "graceMs", 0, kMaxMs, int64_t(spec.stop.grace_ms));
  stop.drain_ms = in.optional_integer(request.json, "drainMs", 0, kMaxMs, 0);
  if (in.error()) return refuse(request, in.error());
  answer_ok(request);
  client_of(request).awaits_end = true;
  request_stop(request.monitor, stop);
}

void do_withdraw(const Request& request) {
  Decoder in("request", request.arena);
  int64_t drain_ms = in.optional_integer(request.json, "drainMs", 0, int64_t(1) << 50, 0);
  if (in.error()) return refuse(request, in.error());
  if (!is_running(request.monitor)) return refuse(request, not_running("withdraw"));
  answer_ok(request);
  withdraw(request.monitor, request.client, drain_ms);
}

void do_restart(const Request& request) {
  const Spec& spec = request.monitor.spec;
  Decoder in("request", request.arena);
  Stop stop;
  stop.restart = true;
  stop.signal = spec.stop.signal;
  stop.grace_ms = in.optional_integer(request.json, "graceMs", 0, int64_t(1) << 50, int64_t(spec.stop.grace_ms));
  if (in.error()) return refuse(request, in.error());
  answer_ok(request);
  client_of(request).awaits_restart = true;
  request_stop(request.monitor, stop);
}

void do_wait(const Request& request) { client_of(request).awaits_exit = true; }

void do_health(const Request& request) {
  Monitor& monitor = request.monitor;
  if (monitor.spec.health.command.count == 0) return answer_status(request);
  if (!is_running(monitor)) return refuse(request, not_running("health"));
  client_of(request).awaits_health = true;
  start_probe(monitor);
}

// As many from `from` on as one line carries.
void do_sockets(const Request& request) {
  Monitor& monitor = request.monitor;
  size_t total = monitor.socket_count;
  Decoder in("request", request.arena);
  size_t from = size_t(in.optional_integer(request.json, "from", 0, int64_t(total), 0));
  if (in.error()) return refuse(request, in.error());
  size_t count = total - from < kMaxPassed ? total - from : kMaxPassed;
  FixedText<48> line;
  line.add("{\"ok\":true,\"total\":").number(int64_t(total)).add("}\n");
  send_line(monitor, request.client, line.c_str(), line.length(), monitor.sockets + from, count);
}

void do_netns(const Request& request) {
  int fd = request.monitor.netns.get();
  Error absent = explain(fail_with(ENOENT, "control", "netns"), "the container uses the host's network");
  if (fd < 0) return refuse(request, absent);
  send_line(request.monitor, request.client, "{\"ok\":true}\n", 12, &fd, 1);
}

// Of the container's first process.
void do_namespace(const Request& request) {
  static const char* const kTypes[] = {"pid", "ipc", "uts", "mnt", nullptr};
  Monitor& monitor = request.monitor;
  Decoder in("request", request.arena);
  size_t type = in.word(request.json, "type", kTypes);
  if (in.error()) return refuse(request, in.error());
  if (!is_running(monitor)) return refuse(request, not_running("namespace"));
  if (monitor.spec.runtime.is_opaque) {
    Error error = fail_with(EOPNOTSUPP, "control", "namespace", monitor.spec.runtime.command[0]);
    return refuse(request, explain(error, "its processes have a kernel of their own"));
  }
  Path path;
  path.number(monitor.life.child.host_pid).add("/ns/").add(kTypes[type]);
  Fd fd(openat(monitor.proc.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return refuse(request, fail("control", "open", kTypes[type]));
  int passed = fd.get();
  send_line(monitor, request.client, "{\"ok\":true}\n", 12, &passed, 1);
}

void freeze(const Request& request, bool frozen) {
  Monitor& monitor = request.monitor;
  if (!is_running(monitor)) return refuse(request, not_running(frozen ? "pause" : "unpause"));
  if (monitor.is_paused != frozen) {
    Error error = freeze_cgroup(monitor.spec.cgroup, frozen);
    if (error) return refuse(request, error);
    monitor.is_paused = frozen;
    report_status(monitor);
  }
  answer_ok(request);
}

void do_pause(const Request& request) { freeze(request, true); }
void do_unpause(const Request& request) { freeze(request, false); }

// Also before the container has started, by the client that came with its start.
void do_attach(const Request& request) {
  Monitor& monitor = request.monitor;
  Client& client = client_of(request);
  Decoder in("request", request.arena);
  AttachRequest wanted{};
  wanted.is_lossless = in.boolean(request.json, "lossless", false);
  wanted.ends_input = in.boolean(request.json, "endsInput", false);
  wanted.capacity = uint32_t(in.optional_integer(request.json, "capacity", 0, kMaxPipe, 0));
  unsigned rows = unsigned(in.optional_integer(request.json, "rows", 0, 65535, 0));
  unsigned columns = unsigned(in.optional_integer(request.json, "columns", 0, 65535, 0));
  if (client.fd_count != 3) in.refuse("descriptors", "stdin, stdout and stderr are expected");
  if (in.error()) return refuse(request, in.error());
  bool is_new = monitor.state == State::Created;
  if (!is_new && !is_running(monitor)) return refuse(request, not_running("attach"));
  Error error = attach(monitor, int(request.client), wanted, client.fds);
  if (error) return refuse(request, error);
  client.fd_count = 0;
  client.awaits_exit = true;
  if (is_new) {
    monitor.host.rows = rows;
    monitor.host.columns = columns;
  }
  answer_ok(request);
}

Exec* find_exec(Monitor& monitor, int number) {
  for (Exec& exec : monitor.execs) {
    if (exec.number == number && number) return &exec;
  }
  return nullptr;
}

Error start_exec(const Request& request, const JoinRequest& join, Exec* exec) {
  Error error = begin_join(request.monitor.host, request.monitor.life.child, join, &exec->joining);
  if (error) return error;
  exec->number = ++request.monitor.last_exec;
  exec->client = int(request.client);
  uint32_t index = uint32_t(exec - request.monitor.execs);
  return watch(request.monitor, exec->joining.sync.get(), EPOLLIN, Source::ExecSync, index);
}

Exec* free_exec(Monitor& monitor) {
  for (Exec& exec : monitor.execs) {
    if (!exec.number) return &exec;
  }
  return nullptr;
}

void do_exec(const Request& request) {
  Monitor& monitor = request.monitor;
  Client& client = client_of(request);
  Decoder in("request", request.arena);
  const Json* process = in.object(request.json, "process");
  JoinRequest join{};
  join.args = in.strings(process, "args");
  join.env = in.strings(process, "env");
  join.cwd = in.absolute_path(process, "cwd");
  join.user = in.optional_string(process, "user");
  join.terminal = in.boolean(process, "terminal", false);
  join.privileged = in.boolean(process, "privileged", false);
  join.rows = unsigned(in.optional_integer(process, "rows", 0, 65535, 0));
  join.columns = unsigned(in.optional_integer(process, "columns", 0, 65535, 0));
  if (join.args.count == 0) in.refuse("args", "is empty");
  if (!join.terminal && client.fd_count != 3) in.refuse("descriptors", "stdin, stdout and stderr are expected");
  if (in.error()) return refuse(request, in.error());
  if (!is_running(monitor) || monitor.is_paused) {
    Error error = not_running("exec");
    return refuse(request, monitor.is_paused ? explain(error, "the container is paused") : error);
  }
  Exec* exec = free_exec(monitor);
  if (!exec) return refuse(request, explain(fail_with(EAGAIN, "control", "exec"), "too many at once"));
  for (int i = 0; i < 3; i++) join.stdio[i] = client.fds[i];
  Error error = start_exec(request, join, exec);
  if (error) refuse(request, error);
}

void do_resize(const Request& request) {
  Decoder in("request", request.arena);
  int number = int(in.optional_integer(request.json, "exec", 1, INT32_MAX, 0));
  unsigned rows = unsigned(in.integer(request.json, "rows", 0, 65535));
  unsigned columns = unsigned(in.integer(request.json, "columns", 0, 65535));
  if (in.error()) return refuse(request, in.error());
  Exec* exec = find_exec(request.monitor, number);
  int own = request.monitor.spec.oci.process.terminal ? request.monitor.streams[0].fd() : -1;
  int master = number ? (exec ? exec->joining.child.output.get() : -1) : own;
  if (master < 0) return refuse(request, fail_with(ENOENT, "control", "resize"));
  resize_terminal(master, rows, columns);
  answer_ok(request);
}

void do_exec_signal(const Request& request) {
  Decoder in("request", request.arena);
  int number = int(in.integer(request.json, "exec", 1, INT32_MAX));
  int signal = int(in.integer(request.json, "signal", 1, 64));
  if (in.error()) return refuse(request, in.error());
  Exec* exec = find_exec(request.monitor, number);
  if (!exec || !exec->has_executed) return refuse(request, fail_with(ESRCH, "control", "exec-signal"));
  kill(exec->joining.child.pid, signal);
  answer_ok(request);
}

// The command goes on without its client, and its terminal with it.
void do_leave(const Request& request) {
  Decoder in("request", request.arena);
  int number = int(in.integer(request.json, "exec", 1, INT32_MAX));
  if (in.error()) return refuse(request, in.error());
  Exec* exec = find_exec(request.monitor, number);
  if (!exec || exec->client != int(request.client)) return refuse(request, fail_with(ESRCH, "control", "leave"));
  exec->client = -1;
  uint32_t index = uint32_t(exec - request.monitor.execs);
  int terminal = exec->joining.child.output.get();
  Error error = terminal >= 0 ? watch(request.monitor, terminal, EPOLLIN, Source::ExecOutput, index) : Error{};
  if (error) return refuse(request, error);
  answer_ok(request);
}

struct Operation {
  const char* name;
  void (*run)(const Request&);
};

constexpr Operation kOperations[] = {
    {"status", do_status}, {"subscribe", do_subscribe}, {"signal", do_signal},
    {"stop", do_stop},     {"restart", do_restart},     {"wait", do_wait},
    {"exec", do_exec},     {"resize", do_resize},       {"exec-signal", do_exec_signal},
    {"health", do_health}, {"sockets", do_sockets},     {"netns", do_netns},
    {"pause", do_pause},   {"unpause", do_unpause},     {"attach", do_attach},
    {"leave", do_leave},   {"namespace", do_namespace}, {"withdraw", do_withdraw},
};

void announce_exec(Monitor& monitor, Exec& exec) {
  exec.has_executed = true;
  unwatch(monitor, exec.joining.sync);
  if (exec.client < 0) return;
  FixedText<96> line;
  line.add("{\"ok\":true,\"exec\":").number(exec.number);
  line.add(",\"pid\":").number(exec.joining.child.host_pid).add("}\n");
  int master = exec.joining.child.output.get();
  send_line(monitor, size_t(exec.client), line.c_str(), line.length(), &master, master >= 0 ? 1 : 0);
}

void release_if_over(Exec& exec) {
  const Joining& joining = exec.joining;
  if (!joining.joiner && !joining.sync && !joining.child.pid) exec = Exec{};
}

}  // namespace

void perform(Monitor& monitor, size_t index, const char* line, size_t length) {
  Arena arena;
  const Json* json = nullptr;
  Error error = parse_json(line, length, arena, &json);
  if (error) return send_error(monitor, index, explain(error, "not a request"));
  Decoder in("request", arena);
  if (in.integer(json, "v", 1, INT64_MAX) > kVersion) in.refuse("v", "is newer than this monitor");
  const char* name = in.string(json, "op");
  if (in.error()) return send_error(monitor, index, in.error());
  Request request{monitor, index, json, arena};
  for (const Operation& operation : kOperations) {
    if (strcmp(operation.name, name) == 0) return operation.run(request);
  }
  send_error(monitor, index, fail_with(EOPNOTSUPP, "control", "op", name));
}

void exec_synced(Monitor& monitor, size_t index) {
  Exec& exec = monitor.execs[index];
  if (!exec.number || !exec.joining.sync) return;
  Error error;
  JoinState state = advance_join(monitor.host, exec.joining, &error);
  if (state == JoinState::Executed) return announce_exec(monitor, exec);
  if (state == JoinState::Pending) return;
  unwatch(monitor, exec.joining.sync);
  if (exec.client < 0) return;
  send_error(monitor, size_t(exec.client), error);
  exec.client = -1;
}

bool exec_ended(Monitor& monitor, size_t index, int pid, int code, int status) {
  Exec& exec = monitor.execs[index];
  bool is_joiner = exec.number && pid == exec.joining.joiner;
  if (!is_joiner && (!exec.number || pid != exec.joining.child.pid)) return false;
  // What it said before it ended may not have been read.
  exec_synced(monitor, index);
  if (is_joiner) {
    exec.joining.joiner = 0;
  } else {
    // It said nothing, so it executed; the joiner, which is about to end, still holds the socket open.
    if (exec.joining.sync) announce_exec(monitor, exec);
    unwatch(monitor, exec.joining.child.output);
    exec.joining.child = Child{};
    FixedText<96> line;
    line.add("{\"event\":\"exit\",\"exec\":").number(exec.number).add(",\"exitCode\":");
    line.number(exit_code_of_child(code, status)).add("}\n");
    if (exec.has_executed && exec.client >= 0) send_line(monitor, size_t(exec.client), line.c_str(), line.length());
  }
  release_if_over(exec);
  return true;
}

void exec_output_ready(Monitor& monitor, size_t index) {
  char nobody[4096];
  Fd& terminal = monitor.execs[index].joining.child.output;
  // One read for one event: the client, which may still have a copy, decides whether reading waits.
  ssize_t got = terminal ? read(terminal.get(), nobody, sizeof nobody) : 0;
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) unwatch(monitor, terminal);
}

// The terminal's last master closes, so its foreground processes get SIGHUP. Without a terminal they find the end of
// the client's pipes by themselves.
void client_left(Monitor& monitor, size_t index) {
  for (Exec& exec : monitor.execs) {
    if (!exec.number || exec.client != int(index)) continue;
    exec.client = -1;
    exec.joining.child.output.reset();
  }
  detach(monitor, int(index));
  end_withdrawal(monitor, index);
}

}  // namespace tc
