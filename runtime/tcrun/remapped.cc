// The builder and the first process.
#include "remapped.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <csignal>

#include "clone.h"
#include "sync.h"
#include "user_namespace.h"

namespace tc {

namespace {

constexpr char kStep[] = "user namespace";

Error make_proc(Fd* proc) {
  Fd fs(fsopen("proc", FSOPEN_CLOEXEC));
  bool is_made = fs && fsconfig(fs.get(), FSCONFIG_SET_STRING, "source", "proc", 0) == 0 &&
                 fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  if (!is_made) return fail("mount", "fsopen", "/proc");
  proc->reset(fsmount(fs.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  if (*proc) return {};
  Error error = fail("mount", "fsmount", "/proc");
  return explain(error, "parts of the host's own /proc are hidden, so that a user namespace may not see it either");
}

// In the first process: what only somebody in its namespaces can make, then until the root is there.
Error prepare_first(const StartContext& context, int link, Fd* terminal) {
  const OciSpec& oci = context.host.spec->oci;
  // Until the builder knows of this process: what it is told comes from two.
  Error error = await_go(link);
  if (error.ok()) error = become_root();
  if (error.ok() && is_new(oci, CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) != 0) {
    error = fail("namespace", "unshare", "cgroup");
  }
  if (error.ok()) error = join_keyring();
  Fd proc;
  if (error.ok()) error = make_proc(&proc);
  if (error.ok()) error = send_descriptor(link, Passed::Mount, proc.get());
  if (error) return error;
  if (oci.process.terminal && receive_sync(link, Wait::Yes, &error, terminal) != SyncMessage::Terminal) {
    return error ? error : fail_with(ECANCELED, "start", "recvmsg");
  }
  error = await_go(link);
  if (error || oci.process.terminal) return error;
  Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return root ? set_stdio(context, root.get()) : fail("stdio", "open", "/");
}

struct FirstProcess {
  Fd pidfd;
  Fd link;  // to it
};

enum class Side : uint8_t { Builder, First };

// By way of a process that enters the user namespace, as nobody who did so gets the host's privileges back. Both are
// children of the monitor.
Error clone_first(const StartContext& context, FirstProcess* first, Fd* own_link, Side* side) {
  const Host& host = context.host;
  Fd theirs;
  Error error = make_sync(&first->link, &theirs);
  if (error) return error;
  *side = Side::Builder;
  long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) return fail("clone", "clone");
  if (pid > 0) {
    theirs.reset();
    SyncMessage message = receive_sync(first->link.get(), Wait::Yes, &error, &first->pidfd);
    if (message != SyncMessage::Process) return error ? error : fail_with(ESRCH, "clone", "recvmsg");
    send_go(first->link.get());
    return {};
  }
  begin_child();
  if (setns(host.userns, CLONE_NEWUSER) != 0) {
    send_failure(theirs.get(), fail(kStep, "setns"));
    _exit(1);
  }
  uint64_t flags = clone_flags(host.spec->oci, context.joined) | CLONE_PARENT | CLONE_PIDFD | SIGCHLD;
  int pidfd = -1;
  pid = syscall(SYS_clone, flags, nullptr, &pidfd, nullptr, nullptr);
  if (pid == 0) {
    begin_child();
    first->link.reset();
    *own_link = static_cast<Fd&&>(theirs);
    *side = Side::First;
    return {};
  }
  if (pid < 0) error = fail("clone", "clone");
  if (error.ok()) error = send_descriptor(theirs.get(), Passed::Process, pidfd);
  if (error) send_failure(theirs.get(), error);
  _exit(0);
}

// With the host's privileges, in the namespaces of the first process.
Error build_for(const StartContext& context, FirstProcess& first, RootfsDraft& draft) {
  const Spec& spec = *context.host.spec;
  Error error;
  Fd proc, terminal;
  if (receive_sync(first.link.get(), Wait::Yes, &error, &proc) != SyncMessage::Mount) {
    // What was wrong it has told the monitor.
    return error ? error : fail_with(ESRCH, "start", "recvmsg");
  }
  int spaces = int(clone_flags(spec.oci, context.joined)) & ~CLONE_NEWPID;
  if (is_new(spec.oci, CLONE_NEWCGROUP)) spaces |= CLONE_NEWCGROUP;
  if (setns(first.pidfd.get(), spaces) != 0) return fail(kStep, "setns", "pidfd");
  give_proc(spec, draft, static_cast<Fd&&>(proc));
  error = assemble(context, draft, &terminal);
  if (error.ok()) error = await_go(context.sync);
  if (error.ok()) error = send_descriptor(context.sync, Passed::Process, first.pidfd.get());
  if (error.ok() && terminal) error = send_descriptor(first.link.get(), Passed::Terminal, terminal.get());
  if (error.ok()) send_go(first.link.get());
  return error;
}

}  // namespace

Error build_remapped(const StartContext& context, Fd* terminal) {
  Error error = enter_host_side(context);
  RootfsDraft draft;
  if (error.ok()) error = prepare_rootfs(*context.host.spec, rootfs_sources(context), &draft);
  FirstProcess first;
  Fd link;
  Side side = Side::Builder;
  if (error.ok()) error = clone_first(context, &first, &link, &side);
  if (error.ok() && side == Side::First) return prepare_first(context, link.get(), terminal);
  if (error.ok()) error = build_for(context, first, draft);
  if (error) send_failure(context.sync, error);
  _exit(0);
}

}  // namespace tc
