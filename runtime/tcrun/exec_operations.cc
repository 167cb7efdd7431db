// Commands that clients run beside the service: docs/runtime-protocol.md, `exec`.
#include "exec_operations.h"

#include <sys/epoll.h>

#include <csignal>

#include "decoder.h"
#include "terminal.h"

namespace tc {

namespace {

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

void leave_execs(Monitor& monitor, size_t client) {
  for (Exec& exec : monitor.execs) {
    if (!exec.number || exec.client != int(client)) continue;
    exec.client = -1;
    exec.joining.child.output.reset();
  }
}

}  // namespace tc
