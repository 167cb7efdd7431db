// Health probes, with the semantics of moby daemon/health.go.
#include <fcntl.h>
#include <sys/epoll.h>

#include <csignal>

#include "events.h"
#include "monitor.h"

namespace tc {

namespace {

constexpr int kTimedOut = -1;

bool in_start_period(const Monitor& monitor, int64_t now) {
  return now - monitor.life.started_ms < int64_t(monitor.spec.health.start_period_ms);
}

void schedule_next(Monitor& monitor) {
  const HealthSpec& spec = monitor.spec.health;
  bool is_starting = monitor.health.status == Health::Starting && in_start_period(monitor, monotonic_ms());
  monitor.health.next.set_in(int64_t(is_starting ? spec.start_interval_ms : spec.interval_ms));
}

ProbeResult& current(HealthState& health) { return health.results[health.recorded % HealthState::kKept]; }

void collect(Monitor& monitor) {
  HealthState& health = monitor.health;
  ProbeResult& result = current(health);
  while (health.output) {
    char beyond[1024];
    size_t room = sizeof result.output - result.length;
    char* to = room ? result.output + result.length : beyond;
    ssize_t got = read(health.output.get(), to, room ? room : sizeof beyond);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return unwatch(monitor, health.output);
    if (room) result.length += uint32_t(got);
  }
}

void set_output(ProbeResult& result, const char* text) {
  result.length = uint32_t(strnlen(text, sizeof result.output));
  memcpy(result.output, text, result.length);
}

// What the result means for the status. A failure in the start period does not count while the container has never been
// healthy.
void judge(Monitor& monitor) {
  HealthState& health = monitor.health;
  if (current(health).exit_code == 0) {
    health.failing_streak = 0;
    health.status = Health::Healthy;
    return;
  }
  if (health.status == Health::Starting && in_start_period(monitor, health.started_ms)) return;
  health.failing_streak++;
  if (health.failing_streak >= monitor.spec.health.retries) health.status = Health::Unhealthy;
}

void conclude(Monitor& monitor, int exit_code) {
  HealthState& health = monitor.health;
  ProbeResult& result = current(health);
  result.end = wall_clock();
  result.exit_code = exit_code;
  Health before = health.status;
  judge(monitor);
  health.recorded++;
  health.is_running = false;
  health.timeout.clear();
  unwatch(monitor, health.output);
  unwatch(monitor, health.joining.sync);
  schedule_next(monitor);
  if (health.status != before) {
    publish(monitor);
    record_event(monitor.spec, health.status == Health::Healthy ? "health_status: healthy" : "health_status: unhealthy");
  }
  report_status(monitor);
  Arena scratch;
  Text line(scratch.make<char>(kMaxStatus), kMaxStatus);
  render_status(monitor, line);
  line.add('\n');
  notify(monitor, &Client::awaits_health, line.c_str(), line.length());
}

void fail_probe(Monitor& monitor, const Error& error) {
  Arena scratch;
  Text text(scratch.make<char>(4096), 4096);
  render_error(error, text);
  set_output(current(monitor.health), text.c_str());
  conclude(monitor, exit_code_of(error));
}

void conclude_late(Monitor& monitor) {
  FixedText<96> text;
  text.add("Health check exceeded timeout (").number(int64_t(monitor.spec.health.timeout_ms)).add(" ms)");
  set_output(current(monitor.health), text.c_str());
  conclude(monitor, kTimedOut);
}

// The probe leads a session of its own; what it left behind in its group goes with it.
void kill_probe(const HealthState& health) {
  if (health.joining.joiner) kill(health.joining.joiner, SIGKILL);
  if (!health.joining.child.pid) return;
  kill(-health.joining.child.pid, SIGKILL);
  kill(health.joining.child.pid, SIGKILL);
}

}  // namespace

void start_health(Monitor& monitor) {
  if (monitor.spec.health.command.count == 0) return;
  monitor.health.status = Health::Starting;
  monitor.health.failing_streak = 0;
  schedule_next(monitor);
}

void stop_health(Monitor& monitor) {
  HealthState& health = monitor.health;
  health.next.clear();
  health.timeout.clear();
  if (health.is_running) kill_probe(health);
  health.is_running = false;
  unwatch(monitor, health.output);
  unwatch(monitor, health.joining.sync);
  health.joining = Joining{};
}

void start_probe(Monitor& monitor) {
  HealthState& health = monitor.health;
  const Spec& spec = monitor.spec;
  health.next.clear();
  if (health.is_running || monitor.state != State::Running || monitor.life.has_exited) return;
  if (monitor.is_paused) return schedule_next(monitor);
  ProbeResult& result = current(health);
  result.length = 0;
  result.start = wall_clock();
  health.started_ms = monotonic_ms();
  health.is_running = true;
  health.timed_out = false;
  health.joining = Joining{};
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) return fail_probe(monitor, fail("health", "pipe2"));
  health.output.reset(pipe[0]);
  Fd writing(pipe[1]);
  fcntl(pipe[0], F_SETFL, O_NONBLOCK);
  JoinRequest request{};
  request.args = spec.health.command;
  request.env = spec.oci.process.env;
  request.cwd = spec.oci.process.cwd;
  request.stdio[0] = -1;
  request.stdio[1] = request.stdio[2] = writing.get();
  Error error = begin_join(monitor.host, monitor.life.child, request, &health.joining);
  if (error) return fail_probe(monitor, error);
  health.timeout.set_in(int64_t(spec.health.timeout_ms));
  watch(monitor, health.joining.sync.get(), EPOLLIN, Source::ProbeSync, 0);
  watch(monitor, health.output.get(), EPOLLIN, Source::ProbeOutput, 0);
}

void probe_ready(Monitor& monitor, Source source) {
  HealthState& health = monitor.health;
  if (source == Source::ProbeOutput) return collect(monitor);
  if (!health.joining.sync) return;
  Error error;
  JoinState state = advance_join(monitor.host, health.joining, &error);
  if (state == JoinState::Pending) return;
  unwatch(monitor, health.joining.sync);
  // It may have been late before it was inside.
  if (state != JoinState::Failed && health.timed_out) kill_probe(health);
  if (state != JoinState::Failed || !health.is_running) return;
  return health.timed_out ? conclude_late(monitor) : fail_probe(monitor, error);
}

bool probe_ended(Monitor& monitor, int pid, int code, int status) {
  HealthState& health = monitor.health;
  bool is_joiner = pid == health.joining.joiner;
  if (!is_joiner && pid != health.joining.child.pid) return false;
  // What it said before it ended may not have been read.
  probe_ready(monitor, Source::ProbeSync);
  if (is_joiner) {
    health.joining.joiner = 0;
    return true;
  }
  health.joining.child = Child{};
  if (!health.is_running) return true;
  collect(monitor);
  if (!health.timed_out) {
    conclude(monitor, exit_code_of_child(code, status));
    return true;
  }
  conclude_late(monitor);
  return true;
}

void run_health_timers(Monitor& monitor, int64_t now) {
  HealthState& health = monitor.health;
  if (health.next.is_due(now)) start_probe(monitor);
  if (!health.timeout.is_due(now)) return;
  health.timeout.clear();
  health.timed_out = true;
  kill_probe(health);
}

}  // namespace tc
