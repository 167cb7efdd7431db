// Cloning.
#include "clone.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>

#include "../common/feature.h"
#include "../common/file.h"
#include "../common/kernel.h"
#include "../common/text.h"

namespace tc {

namespace {

// A pidfd's fdinfo lists the pid in every namespace from that of the procfs, here the host's, down to its own.
void read_pids(const Host& host, Child* child) {
  Path path;
  path.add("self/fdinfo/").number(child->pidfd.get());
  Arena scratch;
  Bytes bytes;
  if (read_file(host.proc, path.c_str(), 4096, scratch, &bytes)) return;
  const char* line = strstr(bytes.data, "\nNSpid:");
  if (!line) return;
  char* at = nullptr;
  child->host_pid = int(strtol(line + 7, &at, 10));
  child->pid = host.spec->own_pid_namespace ? int(strtol(at, nullptr, 10)) : child->host_pid;
}

}  // namespace

uint64_t read_start_time(int proc, int pid) {
  Path path;
  path.number(pid).add("/stat");
  Arena scratch;
  Bytes bytes;
  if (read_file(proc, path.c_str(), 4096, scratch, &bytes)) return 0;
  // The command, field 2, is in parentheses and may contain anything; fields are counted behind its last one.
  const char* at = strrchr(bytes.data, ')');
  for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
  return at ? strtoull(at + 1, nullptr, 10) : 0;
}

void open_clone_target(const Host& host, Fd* cgroup) {
  const char* directory = host.spec->cgroup.unified;
  if (!directory || host.cgroup_was_killed || is_disabled(Feature::CloneIntoCgroup)) return;
  cgroup->reset(open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

int clone_child(const Host& host, const CloneRequest& request, Child* child, Error* error) {
  int pidfd = -1;
  clone_args args{};
  args.flags = request.flags | CLONE_PIDFD;
  args.pidfd = uint64_t(reinterpret_cast<uintptr_t>(&pidfd));
  args.exit_signal = SIGCHLD;
  if (request.into_cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = uint64_t(request.into_cgroup);
  }
  int pid = sys_clone3(&args);
  if (pid < 0) *error = fail("clone", "clone3");
  if (pid == 0) return 0;
  if (pid < 0) return -1;
  *error = identify_child(host, Fd(pidfd), child);
  child->pid = pid;
  if (error->ok()) return 1;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return -1;
}

Error identify_child(const Host& host, Fd pidfd, Child* child) {
  child->pidfd = static_cast<Fd&&>(pidfd);
  read_pids(host, child);
  if (child->host_pid <= 0) return fail_with(ESRCH, "clone", "fdinfo");
  child->start_time = read_start_time(host.proc, child->host_pid);
  return {};
}

void begin_child() {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace tc
