// The status object, and where it is written.
#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "../common/file.h"
#include "../common/json_writer.h"
#include "foreign.h"
#include "monitor.h"

namespace tc {

namespace {

constexpr char kStatus[] = "status";
constexpr char kSpare[] = "status.spare";
constexpr size_t kSpareSize = 16 * 1024;

void write_time(JsonWriter& json, const char* key, const timespec& time) {
  if (!time.tv_sec) return;
  FixedText<40> text;
  format_time(time, Fraction::Full, text);
  json.string(key, text.c_str());
}

// What another runtime says is a sentence of its own.
bool is_told(const Error& error) { return strcmp(error.step, kRuntimeStep) == 0 && *error.detail; }

const char* state_name(const Monitor& monitor) {
  if (monitor.state == State::Running && monitor.is_paused) return "paused";
  static const char* const kNames[] = {"created", "running", "restarting", "exited"};
  return kNames[size_t(monitor.state)];
}

void write_health(const HealthState& health, bool with_output, JsonWriter& json) {
  static const char* const kNames[] = {"none", "starting", "healthy", "unhealthy"};
  json.begin_object("health");
  json.string("status", kNames[size_t(health.status)]).number("failingStreak", health.failing_streak);
  json.begin_array("log");
  uint64_t first = health.recorded > HealthState::kKept ? health.recorded - HealthState::kKept : 0;
  for (uint64_t i = first; i < health.recorded; i++) {
    const ProbeResult& result = health.results[i % HealthState::kKept];
    json.begin_object();
    write_time(json, "start", result.start);
    write_time(json, "end", result.end);
    json.number("exitCode", result.exit_code);
    json.string("output", result.output, with_output ? result.length : 0);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_members(const Monitor& monitor, bool with_output, JsonWriter& json) {
  static const char* const kStoppers[] = {"", "user", "host"};
  const Life& life = monitor.life;
  bool is_alive = monitor.state == State::Running;
  json.begin_object();
  json.number("v", 1).string("id", monitor.spec.id).string("state", state_name(monitor));
  json.number("monitorPid", monitor.pid).number("monitorStart", int64_t(monitor.start_time));
  if (is_alive) json.number("pid", life.child.host_pid).number("pidStart", int64_t(life.child.start_time));
  json.string("bootId", monitor.boot_id);
  write_time(json, "startedAt", life.started_at);
  write_time(json, "finishedAt", life.finished_at);
  json.number("exitCode", life.exit_code).number("signal", life.signal).boolean("oomKilled", life.oom_killed);
  FixedText<900> error;
  if (monitor.error) {
    error.add(monitor.error.step).add(": ").add(monitor.error.path);
    if (!is_told(monitor.error)) error.add(": ").add(errno_name(monitor.error.errnum));
    if (*monitor.error.detail) error.add(": ").add(monitor.error.detail);
  }
  json.string("error", error.c_str()).number("restartCount", monitor.restart_count);
  json.string("stoppedBy", kStoppers[size_t(monitor.stop.by)]);
  json.number("droppedLogLines", int64_t(monitor.log.dropped()));
  json.begin_array("warnings");
  for (size_t i = 0; i < monitor.warning_count; i++) json.string(nullptr, monitor.warnings[i]);
  json.end_array();
  if (monitor.spec.health.command.count) write_health(monitor.health, with_output, json);
  json.end_object();
}

// On a full disk the running status still has to be true: a file with its blocks already allocated takes the place.
void write_status(Monitor& monitor, const Text& text) {
  int dir = monitor.run_dir.get();
  Error error = replace_file(dir, kStatus, text.c_str(), text.length(), Durability::None);
  if (error.ok()) {
    if (faccessat(dir, kSpare, F_OK, 0) == 0) return;
    Fd spare(openat(dir, kSpare, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (spare && posix_fallocate(spare.get(), 0, off_t(kSpareSize)) != 0) unlinkat(dir, kSpare, 0);
    return;
  }
  Arena scratch;
  Text shorter(scratch.make<char>(kSpareSize), kSpareSize);
  JsonWriter json(shorter);
  write_members(monitor, false, json);
  Fd spare(openat(dir, kSpare, O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!spare || shorter.overflowed()) return;
  bool written = write_all(spare.get(), kSpare, shorter.c_str(), shorter.length()).ok() &&
                 ftruncate(spare.get(), off_t(shorter.length())) == 0;
  if (written) renameat(dir, kSpare, dir, kStatus);
}

}  // namespace

void render_status(const Monitor& monitor, Text& out) {
  JsonWriter json(out);
  write_members(monitor, true, json);
  if (!out.overflowed()) return;
  out.clear();
  JsonWriter again(out);
  write_members(monitor, false, again);
}

void report_status(Monitor& monitor) {
  Arena scratch;
  Text text(scratch.make<char>(kMaxStatus), kMaxStatus);
  render_status(monitor, text);
  text.add('\n');
  monitor.status_update.clear();
  monitor.reported_drops = monitor.log.dropped();
  write_status(monitor, text);
  for (size_t i = 0; i < Monitor::kMaxClients; i++) {
    if (monitor.clients[i].socket && monitor.clients[i].subscribed) send_line(monitor, i, text.c_str(), text.length());
  }
}

void record_last(Monitor& monitor) {
  Arena scratch;
  Text text(scratch.make<char>(kMaxStatus), kMaxStatus);
  render_status(monitor, text);
  text.add('\n');
  Error error = replace_file(monitor.bundle.get(), "last", text.c_str(), text.length(), Durability::Sync);
  if (!error) return;
  text.clear();
  JsonWriter json(text);
  write_members(monitor, false, json);
  text.add('\n');
  // On a full disk, overwriting the one of the life before may still do.
  Fd file(openat(monitor.bundle.get(), "last", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || write_all(file.get(), "last", text.c_str(), text.length())) return;
  (void)!ftruncate(file.get(), off_t(text.length()));
}

void Monitor::warn(const char* text) {
  for (size_t i = 0; i < warning_count; i++) {
    if (strcmp(warnings[i], text) == 0) return;
  }
  if (warning_count < kMaxWarnings) warnings[warning_count++] = arena.copy(text);
}

int exit_code_of_child(int code, int status) { return code == CLD_EXITED ? status : 128 + status; }

int exit_code_of(const Error& error) {
  bool is_others = strcmp(error.step, kRuntimeStep) == 0 && (error.errnum == ENOENT || error.errnum == EACCES);
  if (strcmp(error.step, "exec") != 0 && !is_others) return 125;
  return error.errnum == ENOENT || error.errnum == ENOTDIR ? 127 : 126;
}

void render_error(const Error& error, Text& out) {
  FixedText<1200> message;
  const char* description = strerrordesc_np(error.errnum);
  message.add(error.step);
  if (*error.path) message.add(' ').add(error.path);
  if (!is_told(error)) message.add(": ").add(description ? description : errno_name(error.errnum));
  if (*error.detail) message.add(": ").add(error.detail);
  JsonWriter json(out);
  json.begin_object();
  json.string("step", error.step).string("syscall", error.syscall).string("errno", errno_name(error.errnum));
  json.string("path", error.path).string("message", message.c_str()).number("exitCode", exit_code_of(error));
  json.end_object();
}

}  // namespace tc
