// The monitor's loop: events, ended children, deadlines.
#include "monitor.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cstdlib>

#include "../common/file.h"
#include "../common/json_writer.h"
#include "exec_operations.h"
#include "peer.h"
#include "stop.h"
#include "volumes.h"

namespace tc {

namespace {

constexpr int kNullFd = 0;
constexpr int kAnswerFd = 3;
constexpr int kBundleFd = 4;
constexpr int kFirstSocketFd = 5;

void inherit(Monitor& monitor, const Inheritance& inherited) {
  monitor.answer.reset(kAnswerFd);
  monitor.bundle.reset(kBundleFd);
  monitor.socket_count = size_t(inherited.socket_count);
  monitor.sockets = monitor.arena.make<int>(monitor.socket_count);
  for (size_t i = 0; i < monitor.socket_count; i++) monitor.sockets[i] = kFirstSocketFd + int(i);
  int next = kFirstSocketFd + inherited.socket_count;
  if (inherited.has_netns) monitor.netns.reset(next++);
  if (inherited.has_client) monitor.first_client.reset(next++);
  if (inherited.has_secrets) monitor.secrets.reset(next++);
  if (inherited.has_lifeline) monitor.lifeline.reset(next);
}

Error identify(Monitor& monitor) {
  char self[16] = "";
  // The link gives the pid in the namespace of that procfs, which is the host's.
  if (readlinkat(monitor.proc.get(), "self", self, sizeof self - 1) < 0) return fail("start", "readlink", "/proc/self");
  monitor.pid = atoi(self);
  monitor.start_time = read_start_time(monitor.proc.get(), monitor.pid);
  Arena scratch;
  Bytes bytes;
  Error error = read_file(monitor.proc.get(), "sys/kernel/random/boot_id", 64, scratch, &bytes);
  if (error) return error;
  Text id(monitor.boot_id);
  id.add(bytes.data, strcspn(bytes.data, "\n"));
  monitor.host = {&monitor.spec,      monitor.bundle.get(), monitor.executable.get(),
                  monitor.proc.get(), kNullFd,              monitor.secrets.get()};
  return {};
}

Error open_run_dir(Monitor& monitor) {
  const char* path = monitor.spec.run_dir;
  if (mkdir(path, 0700) != 0 && errno != EEXIST) return fail("start", "mkdir", path);
  monitor.run_dir.reset(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  return monitor.run_dir ? Error{} : fail("start", "open", path);
}

// Blocked signals are kept even for the first process of a pid namespace, which would ignore unblocked ones without a
// handler.
Error open_events(Monitor& monitor) {
  sigset_t all, wanted;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGTERM);
  monitor.signals.reset(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!monitor.signals) return fail("start", "signalfd");
  monitor.epoll.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!monitor.epoll) return fail("start", "epoll_create1");
  // Nobody writes to the pipe: what happens to it is that its other end goes, with whoever held it.
  if (monitor.lifeline) {
    Error error = watch(monitor, monitor.lifeline.get(), EPOLLIN, Source::Lifeline, 0);
    if (error) return error;
  }
  return watch(monitor, monitor.signals.get(), EPOLLIN, Source::Signals, 0);
}

Error open_log(Monitor& monitor) {
  uint64_t events = uint64_t(Source::Syslog) << 32;
  return monitor.log.open(monitor.spec.log, monitor.pid, monitor.epoll.get(), events);
}

Fd* make_locks(Monitor& monitor) {
  size_t count = monitor.spec.mounted_volumes.count;
  monitor.volumes = monitor.arena.make<Fd>(count);
  for (size_t i = 0; i < count; i++) new (&monitor.volumes[i]) Fd;
  return monitor.volumes;
}

Error start(Monitor& monitor) {
  if (monitor.socket_count != monitor.spec.network.ports.count) {
    return explain(fail_with(EINVAL, "start", "argv"), "there is not one socket for each published port");
  }
  if (monitor.spec.secrets.count && !monitor.secrets) {
    return explain(fail_with(EINVAL, "start", "argv"), "the contents of its secrets were not handed over");
  }
  Error error = identify(monitor);
  if (error.ok()) error = open_run_dir(monitor);
  if (error.ok()) error = open_events(monitor);
  if (error.ok()) error = open_log(monitor);
  if (error.ok()) error = lock_volumes(monitor.spec.mounted_volumes, make_locks(monitor));
  if (error.ok()) error = create_cgroups(monitor.spec.cgroup, monitor);
  if (error.ok()) error = open_control(monitor);
  if (error.ok() && monitor.first_client) error = adopt_client(monitor, monitor.first_client.release());
  if (error.ok()) error = open_namespaces(monitor);
  return error.ok() ? start_life(monitor) : error;
}

void answer_started(Monitor& monitor) {
  FixedText<8192> text;
  JsonWriter json(text);
  json.begin_object().number("v", 1).begin_object("started");
  json.number("monitorPid", monitor.pid).number("pid", monitor.life.child.host_pid).begin_array("warnings");
  for (size_t i = 0; i < monitor.warning_count; i++) json.string(nullptr, monitor.warnings[i]);
  json.end_array().end_object().end_object();
  send(monitor.answer.get(), text.c_str(), text.length(), MSG_NOSIGNAL);
  monitor.answer.reset();
}

void child_ended(Monitor& monitor, int pid, int code, int status) {
  if (pid == monitor.life.child.pid && !monitor.life.has_exited) return container_exited(monitor, code, status);
  if (pid == monitor.network_child.pid) return network_child_exited(monitor);
  if (monitor.log.file.child_ended(pid, code == CLD_EXITED && status == 0)) return;
  if (probe_ended(monitor, pid, code, status)) return;
  for (size_t i = 0; i < Monitor::kMaxExecs; i++) {
    if (exec_ended(monitor, i, pid, code, status)) return;
  }
}

// Also orphans that the kernel gave us: whoever has no name here is only reaped.
void reap(Monitor& monitor) {
  for (;;) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
    child_ended(monitor, info.si_pid, info.si_code, info.si_status);
  }
}

void read_signals(Monitor& monitor) {
  signalfd_siginfo info{};
  while (read(monitor.signals.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) reap(monitor);
    if (info.ssi_signo != SIGTERM) continue;
    Stop stop;
    stop.signal = monitor.spec.stop.signal;
    stop.grace_ms = int64_t(monitor.spec.stop.grace_ms);
    stop.by = StoppedBy::Host;
    request_stop(monitor, stop);
  }
}

void lifeline_cut(Monitor& monitor) {
  unwatch(monitor, monitor.lifeline);
  Stop stop;
  stop.signal = SIGKILL;
  stop.by = StoppedBy::Host;
  request_stop(monitor, stop);
}

void dispatch(Monitor& monitor, const epoll_event& event) {
  size_t index = size_t(event.data.u64 & 0xffffffff);
  Source source = Source(event.data.u64 >> 32);
  switch (source) {
    case Source::Signals:
      return read_signals(monitor);
    case Source::Listener:
      return accept_client(monitor);
    case Source::Client:
      return client_ready(monitor, index, event.events);
    case Source::Output:
      if (!monitor.streams[index].is_open()) return;
      read_output(monitor, index);
      if (!monitor.streams[index].is_open()) output_drained(monitor);
      return;
    case Source::ExecSync:
      return exec_synced(monitor, index);
    case Source::Drain:
      return drain_ready(monitor);
    case Source::AttachedInput:
      return attached_input_ready(monitor, index);
    case Source::AttachedOutput:
      return attached_output_ready(monitor, index);
    case Source::ExecOutput:
      return exec_output_ready(monitor, index);
    case Source::InputRoom:
      return input_room_ready(monitor);
    case Source::Syslog:
      return monitor.log.syslog.on_ready();
    case Source::Lifeline:
      return lifeline_cut(monitor);
    case Source::ProbeSync:
    case Source::ProbeOutput:
      return probe_ready(monitor, source);
  }
}

int wait_time(const Monitor& monitor) {
  const Deadline* deadlines[] = {&monitor.restart,       &monitor.stop.drain,      &monitor.stop.kill,
                                 &monitor.life.drain,    &monitor.health.next,     &monitor.health.timeout,
                                 &monitor.status_update, &monitor.cgroup_retry,    &monitor.network_child_restart,
                                 &monitor.withdrawal,    &monitor.last_arrivals,   &monitor.log.syslog.deadline()};
  int64_t nearest = -1;
  for (const Deadline* deadline : deadlines) {
    if (deadline->is_set() && (nearest < 0 || deadline->at() < nearest)) nearest = deadline->at();
  }
  if (nearest < 0) return -1;
  int64_t left = nearest - monotonic_ms();
  return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : int(left);
}

void loop(Monitor& monitor) {
  while (!monitor.has_ended) {
    epoll_event events[16];
    int count = epoll_wait(monitor.epoll.get(), events, 16, wait_time(monitor));
    for (int i = 0; i < count; i++) dispatch(monitor, events[i]);
    int64_t now = monotonic_ms();
    run_life_timers(monitor, now);
    run_health_timers(monitor, now);
    monitor.log.syslog.run_timers(now);
  }
}

}  // namespace

Error watch(Monitor& monitor, int fd, uint32_t events, Source source, uint32_t index) {
  epoll_event event{events, {.u64 = uint64_t(source) << 32 | index}};
  if (epoll_ctl(monitor.epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail("start", "epoll_ctl");
  return {};
}

void unwatch(Monitor& monitor, Fd& fd) {
  if (fd) epoll_ctl(monitor.epoll.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
  fd.reset();
}

int run_monitor(Monitor& monitor, const Inheritance& inherited) {
  inherit(monitor, inherited);
  monitor.error = start(monitor);
  if (monitor.error) {
    abandon(monitor);
    FixedText<4096> text;
    text.add("{\"v\":1,\"failed\":");
    render_error(monitor.error, text);
    text.add('}');
    send(monitor.answer.get(), text.c_str(), text.length(), MSG_NOSIGNAL);
    return 1;
  }
  answer_started(monitor);
  loop(monitor);
  return 0;
}

}  // namespace tc
