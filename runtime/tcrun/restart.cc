// When another life begins: restart policy, wishes of clients, and who holds it back.
#include "restart.h"

namespace tc {

namespace {

// Docker's restart manager: 100 ms, doubled up to a minute, from the beginning again once it ran for 10 s.
constexpr int64_t kFirstBackoffMs = 100;
constexpr int64_t kMaxBackoffMs = 60 * 1000;

bool should_restart(const Monitor& monitor) {
  const RestartSpec& restart = monitor.spec.restart;
  uint32_t attempts = restart.window_ms ? monitor.failed_restarts : monitor.restart_count;
  bool may_try = restart.max_retries == 0 || attempts < restart.max_retries;
  switch (restart.policy) {
    case RestartPolicy::No:
      return false;
    case RestartPolicy::Always:
    case RestartPolicy::UnlessStopped:
      return may_try;
    case RestartPolicy::OnFailure:
      return may_try && monitor.life.exit_code != 0;
  }
  return false;
}

void judge_restart(Monitor& monitor) {
  int64_t ran = monotonic_ms() - monitor.life.started_ms;
  if (monitor.restart_count > 0 && ran < monitor.spec.restart.window_ms) monitor.failed_restarts++;
}

void schedule_restart(Monitor& monitor) {
  bool was_steady = monotonic_ms() - monitor.life.started_ms >= kSteadyMs;
  bool is_first = monitor.backoff_ms == 0 || was_steady;
  int64_t doubled = monitor.backoff_ms * 2;
  monitor.backoff_ms = is_first ? kFirstBackoffMs : doubled < kMaxBackoffMs ? doubled : kMaxBackoffMs;
  monitor.state = State::Restarting;
  int64_t delay = monitor.spec.restart.delay_ms;
  monitor.restart.set_in(delay >= 0 ? delay : monitor.backoff_ms);
}

// Somebody works on its files, or waits for his turn.
bool is_held_back(const Monitor& monitor) {
  for (const Client& client : monitor.clients) {
    if (client.socket && client.hold != Hold::No) return true;
  }
  return false;
}

// Whose namespace it shares may be on the way back, too: then later. Nothing ran, so the delay doubles.
bool may_try_later(Monitor& monitor, const Error& error) {
  if (monitor.spec.joins.count == 0) return false;
  monitor.life.started_ms = monotonic_ms();
  if (!plan_restart(monitor)) return false;
  monitor.error = error;
  report_status(monitor);
  return true;
}

void wait_for_holders(Monitor& monitor) {
  monitor.state = State::Restarting;
  report_status(monitor);
  grant_hold(monitor);
}

// Starts again; if that fails, the container has ended with that error.
void start_again(Monitor& monitor, WantedBy by) {
  monitor.restart.clear();
  bool is_held = is_held_back(monitor);
  monitor.wanted_start = is_held ? by : WantedBy::Nobody;
  if (is_held) return wait_for_holders(monitor);
  Error error = start_life(monitor);
  if (error.ok() || (by == WantedBy::Policy && may_try_later(monitor, error))) return;
  monitor.error = error;
  monitor.life.exit_code = exit_code_of(error);
  monitor.life.finished_at = wall_clock();
  for (size_t i = 0; i < Monitor::kMaxClients; i++) {
    Client& client = monitor.clients[i];
    if (!client.socket || !client.awaits_restart) continue;
    client.awaits_restart = false;
    send_error(monitor, i, error);
  }
  end(monitor);
}

}  // namespace

bool plan_restart(Monitor& monitor) {
  judge_restart(monitor);
  if (!should_restart(monitor)) return false;
  schedule_restart(monitor);
  return true;
}

void restart_by_request(Monitor& monitor) {
  monitor.stop = Stop{};
  monitor.restart_count = 0;
  monitor.failed_restarts = 0;
  monitor.backoff_ms = 0;
  start_again(monitor, WantedBy::Request);
}

void run_restart_timer(Monitor& monitor, int64_t now) {
  if (!monitor.restart.is_due(now)) return;
  monitor.restart_count++;
  start_again(monitor, WantedBy::Policy);
}

void grant_hold(Monitor& monitor) {
  constexpr char kLine[] = "{\"ok\":true}\n";
  if (monitor.state != State::Restarting) return;
  size_t next = Monitor::kMaxClients;
  for (size_t i = 0; i < Monitor::kMaxClients; i++) {
    const Client& client = monitor.clients[i];
    if (client.socket && client.hold == Hold::Granted) return;
    if (client.socket && client.hold == Hold::Asked && next == Monitor::kMaxClients) next = i;
  }
  if (next == Monitor::kMaxClients) return;
  int lock = monitor.bundle.get();
  monitor.clients[next].hold = Hold::Granted;
  send_line(monitor, next, kLine, sizeof kLine - 1, &lock, 1);
}

void end_hold(Monitor& monitor, size_t client) {
  if (monitor.clients[client].hold == Hold::No) return;
  monitor.clients[client].hold = Hold::No;
  if (monitor.state != State::Restarting) return;
  grant_hold(monitor);
  if (monitor.wanted_start != WantedBy::Nobody) start_again(monitor, monitor.wanted_start);
}

}  // namespace tc
