// Cloning.
#include "clone.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdlib>

#include "../common/file.h"
#include "../common/kernel.h"
#include "../common/text.h"

namespace tc {

namespace {

// A pidfd's fdinfo gives the pid in the namespace of that procfs, here the host's.
int read_host_pid(int proc, int pidfd) {
  Path path;
  path.add("self/fdinfo/").number(pidfd);
  Arena scratch;
  Bytes bytes;
  if (read_file(proc, path.c_str(), 4096, scratch, &bytes)) return 0;
  const char* line = strstr(bytes.data, "\nPid:");
  return line ? atoi(line + 5) : 0;
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
  // Only what is cloned from here on enters the other pid namespace; the monitor itself never can.
  if (request.pid_namespace >= 0 && setns(request.pid_namespace, CLONE_NEWPID) != 0) {
    *error = fail("clone", "setns", "pid");
    return -1;
  }
  int pid = sys_clone3(&args);
  if (pid < 0) *error = fail("clone", "clone3");
  if (pid == 0) return 0;
  if (request.pid_namespace >= 0 && setns(host.pid_namespace, CLONE_NEWPID) != 0 && pid > 0) {
    *error = fail("clone", "setns", "pid");
    kill(pid, SIGKILL);
    return -1;
  }
  if (pid < 0) return -1;
  child->pid = pid;
  child->pidfd.reset(pidfd);
  child->host_pid = read_host_pid(host.proc, pidfd);
  child->start_time = read_start_time(host.proc, child->host_pid);
  return 1;
}

void reset_signals() {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal <= 64; signal++) sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace tc
