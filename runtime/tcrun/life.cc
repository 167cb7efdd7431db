// The container's lives: start and exit.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "events.h"
#include "foreign.h"
#include "monitor.h"
#include "restart.h"
#include "stop.h"

namespace tc {

namespace {

// Processes outside of the pid namespace may hold the pipes open for ever.
constexpr int64_t kDrainMs = 2000;
void kill_and_reap(const Child& child) {
  kill(child.pid, SIGKILL);
  while (waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Error set_up_network(Monitor& monitor) {
  const NetworkSpec& network = monitor.spec.network;
  return network.mode == NetworkMode::Private ? set_up_network(network, monitor.netns.get()) : Error{};
}

Error start_network(Monitor& monitor) {
  const NetworkSpec& network = monitor.spec.network;
  NetworkChild& child = monitor.network_child;
  if (child.pid) return set_up_network(monitor);
  Error error;
  if (network.mode == NetworkMode::Private) error = bring_up_loopback(monitor.netns.get());
  if (error) return error;
  monitor.network_child_started_ms = monotonic_ms();
  error = start_network_child(network, monitor.netns.get(), monitor.sockets, monitor.socket_count, monitor.host.null,
                              &child);
  if (error) return error;
  // Meanwhile the child strips itself.
  error = set_up_network(monitor);
  if (error) kill_network_child(&child);
  return error ? error : await_network_child(&child);
}

void watch_output(Monitor& monitor) {
  Child& child = monitor.life.child;
  Fd fds[2] = {static_cast<Fd&&>(child.output), static_cast<Fd&&>(child.errors)};
  if (child.input) fcntl(child.input.get(), F_SETFL, O_NONBLOCK);
  static const char* const kNames[] = {"stdout", "stderr"};
  for (uint32_t i = 0; i < 2; i++) {
    if (!fds[i]) continue;
    monitor.streams[i].start(static_cast<Fd&&>(fds[i]), kNames[i], monitor.epoll.get());
    watch(monitor, monitor.streams[i].fd(), EPOLLIN, Source::Output, i);
  }
}

void notify_exit(Monitor& monitor) {
  FixedText<64> line;
  line.add("{\"event\":\"exited\",\"exitCode\":").number(monitor.life.exit_code).add("}\n");
  notify(monitor, &Client::awaits_exit, line.c_str(), line.length());
}

}  // namespace

Error start_life(Monitor& monitor) {
  JoinedNamespaces joined;
  Error error = fetch_namespaces(monitor.spec.joins, &joined);
  if (error) return error;
  monitor.life = Life{};
  Life& life = monitor.life;
  life.oom_kills_before = count_oom_kills(monitor.spec.cgroup);
  monitor.error = {};
  PendingChild pending;
  // Another runtime removes the cgroups with each life of the container.
  if (monitor.spec.runtime.is_used()) error = create_cgroups(monitor.spec.cgroup, monitor);
  if (error) return error;
  error = begin_container(monitor.host, monitor.netns.get(), joined, &pending);
  if (error) return error;
  // Meanwhile the child mounts.
  error = start_network(monitor);
  if (error) {
    kill_and_reap(pending.child);
    return error;
  }
  error = finish_container(monitor.host, pending, &life.child);
  if (error) {
    kill_and_reap(life.child);
    return error;
  }
  life.has_started = true;
  life.started_at = wall_clock();
  life.started_ms = monotonic_ms();
  monitor.state = State::Running;
  monitor.is_paused = false;
  watch_output(monitor);
  record_event(monitor.spec, "start");
  start_health(monitor);
  publish(monitor);
  report_status(monitor);
  FixedText<64> line;
  line.add("{\"event\":\"started\",\"pid\":").number(life.child.host_pid).add("}\n");
  notify(monitor, &Client::awaits_restart, line.c_str(), line.length());
  return {};
}

void publish(Monitor& monitor) {
  const NetworkSpec& network = monitor.spec.network;
  bool running = monitor.state == State::Running && !monitor.life.has_exited && !monitor.stop.requested &&
                 !is_withdrawn(monitor);
  Health health = monitor.health.status;
  monitor.was_well |= running && health != Health::Starting && health != Health::Unhealthy;
  bool is_newcomer = network.named_when_healthy && !monitor.was_well;
  Presence presence = !running ? Presence::Absent : is_newcomer ? Presence::Newcomer : Presence::Running;
  Arena scratch;
  bool* in_set = scratch.make<bool>(network.ports.count);
  Error error = publish_state(monitor.spec.table, monitor.spec.id, network, presence, health, in_set);
  if (error) {
    FixedText<400> text;
    text.add("ports: ").add(error.syscall).add(' ').add(error.path).add(" (").add(errno_name(error.errnum)).add(")");
    monitor.warn(text.c_str());
  }
  if (!monitor.network_child.pid) return;
  for (size_t i = 0; i < network.ports.count; i++) network_child_accept(monitor.network_child, i, in_set[i]);
}

void container_exited(Monitor& monitor, int code, int status) {
  Life& life = monitor.life;
  life.has_exited = true;
  life.finished_at = wall_clock();
  life.exit_code = exit_code_of_child(code, status);
  life.signal = code == CLD_EXITED ? 0 : status;
  life.oom_killed = count_oom_kills(monitor.spec.cgroup) > life.oom_kills_before;
  monitor.stop.drain.clear();
  monitor.stop.kill.clear();
  tell_drained(monitor);
  unwatch(monitor, monitor.connections.notices());
  if (!monitor.spec.own_pid_namespace) {
    kill_cgroup(monitor.spec.cgroup);
    monitor.host.cgroup_was_killed = true;
  }
  for (const Exec& exec : monitor.execs) {
    if (exec.joining.joiner) kill(exec.joining.joiner, SIGKILL);
  }
  // On v2 a frozen process can be killed; its successor would be born frozen.
  thaw(monitor);
  // First of all out of names and ports: requests must not go where nobody is.
  publish(monitor);
  if (life.oom_killed) record_event(monitor.spec, "oom");
  record_event(monitor.spec, "die", {"exitCode", life.exit_code});
  stop_health(monitor);
  if (life.child.stage) remove_foreign(monitor.host, life.child);
  for (LogStream& stream : monitor.streams) {
    read_output(monitor, size_t(&stream - monitor.streams));
  }
  output_drained(monitor);
  if (life.has_exited && monitor.state == State::Running) life.drain.set_in(kDrainMs);
}

void output_drained(Monitor& monitor) {
  bool is_late = monitor.life.drain.is_due(monotonic_ms());
  if (is_late && is_output_held(monitor) && !monitor.stop.requested) {
    // Somebody who wants all of it is still reading; when nobody is there any more, nothing is held.
    monitor.life.drain.set_in(kDrainMs);
    return;
  }
  for (LogStream& stream : monitor.streams) {
    if (stream.is_open() && !is_late) return;
    stream.close(monitor.log);
  }
  if (!monitor.life.has_exited || monitor.state != State::Running) return;
  monitor.life.drain.clear();
  notify_exit(monitor);
  end_attachments(monitor);
  if (monitor.stop.requested) {
    if (!monitor.stop.restart) return end(monitor);
    record_last(monitor);
    return restart_by_request(monitor);
  }
  if (!plan_restart(monitor)) return end(monitor);
  record_last(monitor);
  report_status(monitor);
  grant_hold(monitor);
}

void network_child_exited(Monitor& monitor) {
  constexpr int64_t kMaxDelayMs = 10 * 1000;
  forget_network_child(&monitor.network_child);
  if (monitor.is_ending) return;
  if (monotonic_ms() - monitor.network_child_started_ms >= kSteadyMs) monitor.network_child_delay_ms = 0;
  monitor.warn("the network child ended and was started again: names and published ports were interrupted");
  int64_t doubled = monitor.network_child_delay_ms * 2;
  monitor.network_child_delay_ms = doubled < kMaxDelayMs ? doubled : kMaxDelayMs;
  monitor.network_child_restart.set_in(monitor.network_child_delay_ms);
  if (monitor.network_child_delay_ms == 0) monitor.network_child_delay_ms = 50;
}

void signal_container(Monitor& monitor, int signal) {
  // Not reaped yet, so the pid is still its own.
  if (monitor.state != State::Running || monitor.life.has_exited) return;
  bool is_passed_on = monitor.spec.runtime.is_opaque && signal != SIGKILL;
  if (is_passed_on) return signal_foreign(monitor.host, monitor.life.child, signal);
  kill(monitor.life.child.pid, signal);
}

void run_life_timers(Monitor& monitor, int64_t now) {
  run_restart_timer(monitor, now);
  run_stop_timers(monitor, now);
  if (monitor.life.drain.is_due(now)) output_drained(monitor);
  if (monitor.network_child_restart.is_due(now)) {
    monitor.network_child_restart.clear();
    Error error = start_network(monitor);
    if (error) monitor.network_child_restart.set_in(monitor.network_child_delay_ms);
    publish(monitor);
    report_status(monitor);
  }
  if (monitor.log.dropped() != monitor.reported_drops && !monitor.status_update.is_set()) {
    monitor.status_update.set_in(1000);
  }
  if (monitor.status_update.is_due(now)) report_status(monitor);
  if (monitor.cgroup_retry.is_due(now)) retry_cgroups(monitor);
}

}  // namespace tc
