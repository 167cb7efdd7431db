// The second process of a start or an exec in somebody else's pid namespace.
#include "finisher.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "sync.h"
#include "terminal.h"

namespace tc {

namespace {

// A session of its own, then execve once the monitor knows it.
Error finish_child(int sync, int terminal, int parent, const Execution& execution) {
  Error error = die_with_parent(parent);
  setsid();
  if (error.ok() && terminal >= 0) error = adopt_terminal(terminal);
  if (error.ok()) error = await_go(sync);
  return error ? error : execute(execution);
}

}  // namespace

Error close_others(int* sync, int* terminal) {
  int copies[] = {fcntl(*sync, F_DUPFD_CLOEXEC, 5), -1};
  bool has_terminal = *terminal >= 0;
  if (has_terminal) copies[1] = fcntl(*terminal, F_DUPFD_CLOEXEC, 5);
  if (copies[0] < 0 || (has_terminal && copies[1] < 0)) return fail("stdio", "fcntl");
  *sync = dup3(copies[0], 3, O_CLOEXEC);
  *terminal = has_terminal ? dup3(copies[1], 4, O_CLOEXEC) : -1;
  if (*sync < 0 || (has_terminal && *terminal < 0)) return fail("stdio", "dup3");
  syscall(SYS_close_range, has_terminal ? 5u : 4u, ~0u, 0);
  return {};
}

// clone(2), not clone3, which seccomp filters refuse as they cannot look at its flags.
Error clone_finisher(int sync, int terminal, int parent, const Execution& execution) {
  int pidfd = -1;
  long pid = syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD | SIGCHLD, nullptr, &pidfd, nullptr, nullptr);
  if (pid < 0) return fail("clone", "clone");
  if (pid > 0) return send_descriptor(sync, Passed::Process, pidfd);
  send_failure(sync, finish_child(sync, terminal, parent, execution));
  _exit(127);
}

}  // namespace tc
