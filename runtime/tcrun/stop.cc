// Stop, and withdrawal from service.
#include "stop.h"

#include <sys/epoll.h>

#include <csignal>

#include "restart.h"

namespace tc {

namespace {

// From an answer of the DNS, which nobody is to keep, to the connection: long enough for a SYN that was lost, which the
// kernel sends again after a second.
constexpr int64_t kArrivalMs = 1500;

void deliver_stop(Monitor& monitor) {
  monitor.stop.drain.clear();
  unwatch(monitor, monitor.connections.notices());
  signal_container(monitor, monitor.stop.signal);
  // A frozen process gets its signals when it thaws.
  thaw(monitor);
  monitor.stop.kill.set_in(monitor.stop.grace_ms);
}

// Whether there is something to wait for. Without a namespace of its own there was nothing to leave, either.
bool watch_connections(Monitor& monitor) {
  size_t connections = 0;
  bool is_known = monitor.netns && monitor.connections.open(monitor.netns.get()).ok() &&
                  monitor.connections.count(&connections).ok();
  if (!is_known || connections == 0) return false;
  watch(monitor, monitor.connections.notices().get(), EPOLLIN, Source::Drain, 0);
  return true;
}

}  // namespace

void thaw(Monitor& monitor) {
  if (monitor.is_paused && freeze_cgroup(monitor.spec.cgroup, false).ok()) monitor.is_paused = false;
}

bool is_withdrawn(const Monitor& monitor) {
  for (const Client& client : monitor.clients) {
    if (client.socket && client.withdraws) return true;
  }
  return false;
}

void tell_drained(Monitor& monitor) {
  constexpr char kLine[] = "{\"event\":\"drained\"}\n";
  monitor.withdrawal.clear();
  if (!monitor.stop.drain.is_set()) unwatch(monitor, monitor.connections.notices());
  notify(monitor, &Client::awaits_drained, kLine, sizeof kLine - 1);
}

void request_stop(Monitor& monitor, const Stop& stop) {
  if (monitor.is_ending) return;
  bool is_second = monitor.stop.requested;
  // What ends it for good wins over a restart, the user over the host.
  bool restart = stop.restart && (!is_second || monitor.stop.restart);
  StoppedBy by = is_second && monitor.stop.by == StoppedBy::User ? StoppedBy::User : stop.by;
  Deadline kill_before = monitor.stop.kill;
  monitor.stop = stop;
  monitor.stop.requested = true;
  monitor.stop.restart = restart;
  monitor.stop.by = restart ? StoppedBy::Nobody : by;
  if (monitor.state == State::Restarting) {
    if (restart) return restart_by_request(monitor);
    return end(monitor);
  }
  if (monitor.life.has_exited) return;
  if (!is_second) publish(monitor);
  if (stop.drain_ms && !is_second && watch_connections(monitor)) return monitor.stop.drain.set_in(stop.drain_ms);
  deliver_stop(monitor);
  bool was_sooner = kill_before.is_set() && kill_before.at() < monitor.stop.kill.at();
  if (was_sooner) monitor.stop.kill = kill_before;
}

void withdraw(Monitor& monitor, size_t client, int64_t drain_ms) {
  monitor.clients[client].withdraws = true;
  monitor.clients[client].awaits_drained = true;
  publish(monitor);
  if (drain_ms == 0 || monitor.stop.requested || !monitor.netns) return tell_drained(monitor);
  monitor.withdrawal.set_in(drain_ms);
  monitor.last_arrivals.set_in(kArrivalMs);
}

void end_withdrawal(Monitor& monitor, size_t client) {
  if (!monitor.clients[client].withdraws) return;
  monitor.clients[client].withdraws = false;
  if (monitor.state == State::Running && !monitor.life.has_exited && !monitor.stop.requested) publish(monitor);
}

void drain_ready(Monitor& monitor) {
  if (!monitor.stop.drain.is_set() && !monitor.withdrawal.is_set()) return;
  monitor.connections.take_notices();
  size_t connections = 0;
  if (monitor.connections.count(&connections).ok() && connections > 0) return;
  bool stops = monitor.stop.drain.is_set();
  if (monitor.withdrawal.is_set()) tell_drained(monitor);
  if (stops) deliver_stop(monitor);
}

void run_stop_timers(Monitor& monitor, int64_t now) {
  if (monitor.stop.drain.is_due(now)) deliver_stop(monitor);
  if (monitor.last_arrivals.is_due(now)) {
    monitor.last_arrivals.clear();
    if (monitor.withdrawal.is_set() && !watch_connections(monitor)) tell_drained(monitor);
  }
  if (monitor.withdrawal.is_due(now)) tell_drained(monitor);
  if (monitor.stop.kill.is_due(now)) {
    monitor.stop.kill.clear();
    signal_container(monitor, SIGKILL);
  }
}

}  // namespace tc
