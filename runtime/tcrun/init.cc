// pid 1 of a container with `init: true`: starts the service, passes signals on, reaps everything, ends as the service
// ended.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <unistd.h>

#include "../common/text.h"
#include "launch.h"
#include "process.h"
#include "sync.h"

namespace tc {

namespace {

void unblock_all() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void execute_service(char** argv) {
  setpgid(0, 0);
  // With a terminal, the service is its foreground; SIGTTOU would stop whoever asks for it from the background.
  signal(SIGTTOU, SIG_IGN);
  if (isatty(0)) tcsetpgrp(0, getpgrp());
  signal(SIGTTOU, SIG_DFL);
  unblock_all();
  // Another runtime's config.json names the program as the service does.
  execvp(argv[2], argv + 3);
  Error error = fail("exec", "execve", argv[2]);
  if (fcntl(kInitSync, F_GETFD) >= 0) {
    send_failure(kInitSync, error);
  } else {
    FixedText<400> text;
    text.add("tcompose: ").add(argv[2]).add(": ").add(strerrordesc_np(error.errnum)).add("\n");
    (void)!write(2, text.c_str(), text.length());
  }
  _exit(error.errnum == ENOENT ? 127 : 126);
}

// Reaps what there is; true once the service is among it.
bool reap(pid_t service, int* exit_code) {
  for (;;) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return false;
    if (info.si_pid != service) continue;
    *exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    return true;
  }
}

}  // namespace

int run_init(int argc, char** argv) {
  if (argc < 4 || getpid() != 1) return 125;
  fcntl(kInitSync, F_SETFD, FD_CLOEXEC);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  pid_t service = fork();
  if (service < 0) {
    send_failure(kInitSync, fail("exec", "fork", argv[2]));
    return 125;
  }
  if (service == 0) execute_service(argv);
  close(kInitSync);
  for (int exit_code = 0;;) {
    int signal = sigwaitinfo(&all, nullptr);
    if (signal < 0 && errno == EINTR) continue;
    if (signal == SIGCHLD && reap(service, &exit_code)) return exit_code;
    if (signal > 0 && signal != SIGCHLD) kill(service, signal);
  }
}

}  // namespace tc
