// From posix_spawn to a monitor that inherited nothing: sealed executable, own session, own pid namespace, standard
// limits.
#include "launch.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <csignal>
#include <cstdlib>

#include "../common/file.h"
#include "../common/kernel.h"
#include "monitor.h"
#include "../common/seal.h"

namespace tc {

namespace {

constexpr int kAnswerFd = 3;
constexpr int kBundleFd = 4;
constexpr int kFirstSocketFd = 5;
constexpr uint64_t kMaxSockets = 1024;
constexpr int kOptionalCount = 4;
constexpr int kMaxArguments = 4 + kOptionalCount;

alignas(Monitor) char monitor_memory[sizeof(Monitor)];

int refuse(const Error& error) {
  FixedText<4096> text;
  text.add("{\"v\":1,\"failed\":");
  render_error(error, text);
  text.add('}');
  send(kAnswerFd, text.c_str(), text.length(), MSG_NOSIGNAL);
  return 1;
}

Error parse_arguments(int argc, char** argv, Inheritance* inherited) {
  uint64_t count = 0;
  bool valid = argc >= 4 && parse_unsigned(argv[3], strlen(argv[3]), kMaxSockets, &count);
  if (!valid) return fail_with(EINVAL, "start", "argv");
  *inherited = {int(count), false, false, false, false};
  struct Optional {
    const char* name;
    bool Inheritance::*is_given;
  };
  // In the order of their descriptors.
  const Optional optional[kOptionalCount] = {{"--netns", &Inheritance::has_netns},
                                             {"--client", &Inheritance::has_client},
                                             {"--secrets", &Inheritance::has_secrets},
                                             {"--lifeline", &Inheritance::has_lifeline}};
  int next = 4;
  for (const Optional& each : optional) {
    if (next >= argc || strcmp(argv[next], each.name) != 0) continue;
    inherited->*each.is_given = true;
    next++;
  }
  return next == argc ? Error{} : fail_with(EINVAL, "start", "argv");
}

// What is inherited beyond the contract is not ours to keep; what is ours must not reach a container.
void own_descriptors(const Inheritance& inherited) {
  int optional = inherited.has_netns + inherited.has_client + inherited.has_secrets + inherited.has_lifeline;
  int last = kFirstSocketFd + inherited.socket_count + optional - 1;
  syscall(SYS_close_range, unsigned(last + 1), ~0u, 0);
  for (int fd = kAnswerFd; fd <= last; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

// Limits come from the host's init, not from the shell that ran the CLI. Without CAP_SYS_RESOURCE a lowered hard limit
// stays as it is: it cannot be raised again.
void reset_limits() {
  for (int resource = 0; resource < int(RLIM_NLIMITS); resource++) {
    rlimit standard{}, own{};
    auto which = __rlimit_resource(resource);
    if (prlimit(1, which, nullptr, &standard) != 0 || getrlimit(which, &own) != 0) continue;
    if (standard.rlim_cur == own.rlim_cur && standard.rlim_max == own.rlim_max) continue;
    if (setrlimit(which, &standard) == 0) continue;
    rlim_t soft = standard.rlim_cur < own.rlim_max ? standard.rlim_cur : own.rlim_max;
    rlimit possible{soft, standard.rlim_max < own.rlim_max ? standard.rlim_max : own.rlim_max};
    setrlimit(which, &possible);
  }
}

// Everything else that a process hands down: the monitor has none of the caller's, and its children none of the
// monitor's.
void reset_inheritance() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal <= 64; signal++) sigaction(signal, &standard, nullptr);
  sched_param no_priority{};
  sched_setscheduler(0, SCHED_OTHER, &no_priority);
  setpriority(PRIO_PROCESS, 0, 0);
  cpu_set_t all;
  memset(&all, 0xff, sizeof all);
  sched_setaffinity(0, sizeof all, &all);
  constexpr int kIoprioWhoProcess = 1;
  syscall(SYS_ioprio_set, kIoprioWhoProcess, 0, 0);
  umask(0);
  // A killed monitor takes its container along: better the container's own processes first, where that may be said.
  (void)write_kernel_file(AT_FDCWD, "/proc/self/oom_score_adj", "-999");
  if (chdir("/") != 0) return;
}

Error open_proc(Fd* proc) {
  proc->reset(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct statfs fs {};
  if (!*proc || fstatfs(proc->get(), &fs) != 0) return fail("start", "open", "/proc");
  return fs.f_type == PROC_SUPER_MAGIC ? Error{} : fail_with(ENODEV, "start", "statfs", "/proc");
}

// The caller sees this process exit and reaps it; the monitor goes on as somebody else's child.
Error fork_monitor(bool own_pid_namespace) {
  if (own_pid_namespace && unshare(CLONE_NEWPID) != 0) return fail("start", "unshare", "pid");
  pid_t pid = fork();
  if (pid < 0) return fail("start", "fork");
  if (pid > 0) _exit(0);
  prctl(PR_SET_NAME, "tcrun-monitor");
  // Nobody in a container may look into this process or one that it clones (CVE-2016-9962).
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return fail("start", "prctl");
  if (!own_pid_namespace && prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail("start", "prctl");
  return {};
}

}  // namespace

int launch_monitor(int argc, char** argv) {
  Inheritance inherited{};
  Error error = parse_arguments(argc, argv, &inherited);
  if (error) return refuse(error);
  own_descriptors(inherited);
  Fd sealed;
  error = seal_self(&sealed);
  if (error) return refuse(error);
  FixedText<64> disabled;
  const char* value = getenv("TCOMPOSE_DISABLE");
  Path variable;
  variable.add("TCOMPOSE_DISABLE=").add(value ? value : "");
  char* env[] = {const_cast<char*>(variable.c_str()), nullptr};
  char role[] = "sealed-monitor";
  char* args[kMaxArguments + 1] = {argv[0], role};
  for (int i = 2; i < argc; i++) args[i] = argv[i];
  // Descriptors of the contract survive this exec, and only they.
  for (int fd = kAnswerFd; fd < sealed.get(); fd++) fcntl(fd, F_SETFD, 0);
  sys_execveat(sealed.get(), args, env);
  return refuse(fail("seal", "execveat"));
}

int launch_sealed_monitor(int argc, char** argv) {
  Inheritance inherited{};
  Error error = parse_arguments(argc, argv, &inherited);
  if (error) return refuse(error);
  own_descriptors(inherited);
  reset_limits();
  reset_inheritance();
  setsid();
  Monitor& monitor = *new (monitor_memory) Monitor;
  error = parse_spec(kBundleFd, monitor.arena, &monitor.spec);
  if (error.ok()) error = open_proc(&monitor.proc);
  if (error) return refuse(error);
  monitor.executable.reset(open("/proc/self/exe", O_PATH | O_CLOEXEC));
  if (!monitor.executable) return refuse(fail("start", "open", "/proc/self/exe"));
  attach_monitor(monitor.spec.cgroup.monitor_attach, monitor);
  error = fork_monitor(monitor.spec.own_pid_namespace);
  if (error) return refuse(error);
  return run_monitor(monitor, inherited);
}

}  // namespace tc
