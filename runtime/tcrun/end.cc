// The end of a container: what is given back, and who hears of it.
#include <fcntl.h>

#include <csignal>
#include <cstdio>

#include "../common/remove_tree.h"
#include "monitor.h"
#include "volumes.h"

namespace tc {

namespace {

// What the container said last is worth a moment.
constexpr int kSyslogPatienceMs = 1000;
constexpr int64_t kMaxCgroupRetryMs = 2000;

void remove_directory(const char* path) {
  const char* slash = strrchr(path, '/');
  Path above;
  above.add(path, size_t(slash - path) + 1);
  Fd parent(open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent) (void)remove_tree(parent.get(), slash + 1);
}

// Nothing of it outlives its process. Its record stays, under a name that says so, for what only the next command can give
// back: leases, anonymous volumes. The rename comes first: what has its own name is whole.
void leave_remnant(const Spec& spec) {
  const char* slash = strrchr(spec.bundle, '/');
  Path remnant;
  remnant.add(spec.bundle, size_t(slash - spec.bundle) + 1).add(".ended-").add(slash + 1);
  if (rename(spec.bundle, remnant.c_str()) != 0) return;
  Fd directory(open(remnant.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!directory) return;
  for (const char* name : {"upper", "work", "log"}) (void)remove_tree(directory.get(), name);
}

// The container is over and its cgroups are gone: files, and whoever waits for the end.
void finish_end(Monitor& monitor) {
  // Whoever hears of the end may bind the published ports anew.
  kill_network_child(&monitor.network_child);
  while (monitor.socket_count > 0) close(monitor.sockets[--monitor.socket_count]);
  if (monitor.volumes) release_volumes(monitor.spec.mounted_volumes, monitor.volumes);
  report_status(monitor);
  unlinkat(monitor.run_dir.get(), "ctl", 0);
  unlinkat(monitor.run_dir.get(), "status.spare", 0);
  if (monitor.spec.remove_on_end) {
    remove_directory(monitor.spec.run_dir);
    leave_remnant(monitor.spec);
  }
  FixedText<64> line;
  line.add("{\"event\":\"ended\",\"exitCode\":").number(monitor.life.exit_code).add("}\n");
  notify(monitor, &Client::awaits_end, line.c_str(), line.length());
  monitor.has_ended = true;
}

}  // namespace

void retry_cgroups(Monitor& monitor) {
  monitor.cgroup_retry.clear();
  Error error = remove_cgroups(monitor.spec.cgroup);
  if (error.ok()) return finish_end(monitor);
  if (error.errnum != EBUSY || monitor.cgroup_retry_ms > kMaxCgroupRetryMs) {
    FixedText<400> text;
    text.add("cgroup left behind: ").add(error.path).add(" (").add(errno_name(error.errnum)).add(")");
    monitor.warn(text.c_str());
    return finish_end(monitor);
  }
  monitor.cgroup_retry_ms = monitor.cgroup_retry_ms ? monitor.cgroup_retry_ms * 2 : 1;
  monitor.cgroup_retry.set_in(monitor.cgroup_retry_ms);
}

void end(Monitor& monitor) {
  if (monitor.is_ending) return;
  monitor.is_ending = true;
  monitor.state = State::Exited;
  monitor.restart.clear();
  monitor.network_child_restart.clear();
  stop_health(monitor);
  publish(monitor);
  if (monitor.network_child.pid) kill(monitor.network_child.pid, SIGKILL);
  monitor.log.syslog.finish(kSyslogPatienceMs);
  record_last(monitor);
  retry_cgroups(monitor);
}

void abandon(Monitor& monitor) {
  monitor.is_ending = true;
  monitor.state = State::Exited;
  monitor.life.exit_code = exit_code_of(monitor.error);
  monitor.life.finished_at = wall_clock();
  kill_network_child(&monitor.network_child);
  publish(monitor);
  for (int wait = 1; wait < kMaxCgroupRetryMs && remove_cgroups(monitor.spec.cgroup).errnum == EBUSY; wait *= 2) {
    timespec pause{wait / 1000, (wait % 1000) * 1000000L};
    nanosleep(&pause, nullptr);
  }
  if (monitor.volumes) release_volumes(monitor.spec.mounted_volumes, monitor.volumes);
  if (monitor.run_dir) {
    report_status(monitor);
    unlinkat(monitor.run_dir.get(), "ctl", 0);
    unlinkat(monitor.run_dir.get(), "status.spare", 0);
  }
  record_last(monitor);
}

}  // namespace tc
