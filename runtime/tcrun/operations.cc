// What a client of the control socket may ask for: docs/runtime-protocol.md, "Control socket".
#include <fcntl.h>
#include <sys/epoll.h>

#include <csignal>

#include "../common/json.h"
#include "decoder.h"
#include "exec_operations.h"
#include "request.h"
#include "restart.h"
#include "stop.h"

namespace tc {

namespace {

constexpr int kVersion = 1;
constexpr uint32_t kMaxPipe = 1 << 20;  // what the kernel gives a process without CAP_SYS_RESOURCE

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

void do_hold(const Request& request) {
  Monitor& monitor = request.monitor;
  Error error = explain(fail_with(EBUSY, "control", "hold"), "the container is not between two lives");
  if (monitor.state == State::Created || is_running(monitor)) return refuse(request, error);
  client_of(request).hold = Hold::Asked;
  grant_hold(monitor);
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
    {"hold", do_hold},
};

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
  // A role that works on what a stranger packed has the connection, too.
  if (monitor.clients[index].hold != Hold::No) return send_error(monitor, index, fail_with(EBUSY, "control", "op", name));
  for (const Operation& operation : kOperations) {
    if (strcmp(operation.name, name) == 0) return operation.run(request);
  }
  send_error(monitor, index, fail_with(EOPNOTSUPP, "control", "op", name));
}

void client_left(Monitor& monitor, size_t index) {
  leave_execs(monitor, index);
  detach(monitor, int(index));
  end_withdrawal(monitor, index);
  end_hold(monitor, index);
}

}  // namespace tc
