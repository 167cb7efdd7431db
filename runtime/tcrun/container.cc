// The first process of a container: the steps between clone and execve, in an order that security rests on.
#include "container.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <csignal>

#include "../common/file.h"
#include "../common/in_root.h"
#include "../common/text.h"
#include "clone.h"
#include "devices.h"
#include "feature.h"
#include "finisher.h"
#include "rootfs.h"
#include "sync.h"
#include "terminal.h"

namespace tc {

namespace {

struct StartContext {
  const Host& host;
  int netns;
  const JoinedNamespaces& joined;
  int sync;
  int stdio[3];               // -1: /dev/null
  const char* joined_cgroup;  // what clone3 put us into already
};

const NamespaceSpec* find_namespace(const OciSpec& oci, int flag) {
  for (const NamespaceSpec& space : oci.namespaces) {
    if (space.flag == flag) return &space;
  }
  return nullptr;
}

bool is_new(const OciSpec& oci, int flag) {
  const NamespaceSpec* space = find_namespace(oci, flag);
  return space && !space->path;
}

bool is_joined(const JoinedNamespaces& joined, int flag) {
  return (flag == CLONE_NEWPID && joined.pid) || (flag == CLONE_NEWIPC && joined.ipc) ||
         (flag == CLONE_NEWUTS && joined.uts);
}

// The cgroup namespace is made once the process is in its cgroups, the network one comes from the monitor. Somebody
// else's pid namespace is for children only (finisher.h).
Error join_namespaces(const StartContext& context) {
  const JoinedNamespaces& joined = context.joined;
  if (context.netns >= 0 && setns(context.netns, CLONE_NEWNET) != 0) return fail("namespace", "setns", "network");
  if (joined.ipc && setns(joined.ipc.get(), CLONE_NEWIPC) != 0) return fail("namespace", "setns", "ipc");
  if (joined.uts && setns(joined.uts.get(), CLONE_NEWUTS) != 0) return fail("namespace", "setns", "uts");
  if (joined.pid && setns(joined.pid.get(), CLONE_NEWPID) != 0) return fail("namespace", "setns", "pid");
  if (is_new(context.host.spec->oci, CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) != 0) {
    return fail("namespace", "unshare", "cgroup");
  }
  return {};
}

Error set_names(const OciSpec& oci) {
  if (oci.hostname && sethostname(oci.hostname, strlen(oci.hostname)) != 0) {
    return fail("hostname", "sethostname", oci.hostname);
  }
  if (oci.domainname && setdomainname(oci.domainname, strlen(oci.domainname)) != 0) {
    return fail("hostname", "setdomainname", oci.domainname);
  }
  return {};
}

// Settings of a namespace that the container has to itself; all others belong to the host.
bool is_namespaced(const OciSpec& oci, const char* name, bool own_network) {
  static const char* const kIpc[] = {
      "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
      "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
  };
  if (strncmp(name, "net.", 4) == 0) return own_network;
  if (strncmp(name, "fs.mqueue.", 10) == 0) return find_namespace(oci, CLONE_NEWIPC);
  for (const char* known : kIpc) {
    if (strcmp(name, known) == 0) return find_namespace(oci, CLONE_NEWIPC);
  }
  bool is_uts = strcmp(name, "kernel.domainname") == 0 || strcmp(name, "kernel.hostname") == 0;
  return is_uts && find_namespace(oci, CLONE_NEWUTS);
}

// Through the host's /proc, where no container can have put something in the way (CVE-2025-52881).
Error write_sysctl(const StartContext& context, const SysctlSpec& sysctl) {
  if (strchr(sysctl.name, '/') || strstr(sysctl.name, "..")) return fail_with(EINVAL, "sysctl", "parse", sysctl.name);
  if (!is_namespaced(context.host.spec->oci, sysctl.name, context.netns >= 0)) {
    Error error = fail_with(EPERM, "sysctl", "open", sysctl.name);
    return explain(error, "is not a setting of the container's own namespaces");
  }
  Arena scratch;
  Path path;
  path.add("sys/").add(sysctl.name);
  char* text = scratch.copy(path.c_str());
  for (char* c = text; *c; c++) {
    if (*c == '.') *c = '/';
  }
  Error error = write_kernel_file(context.host.proc, text, sysctl.value);
  error.step = "sysctl";
  return error;
}

// /dev/null of the container instead of the host's, and pipes that the service's user may open again as /dev/stdout.
Error set_stdio(const StartContext& context, const Rootfs& rootfs, Fd* terminal) {
  const ProcessSpec& process = context.host.spec->oci.process;
  if (process.terminal) {
    Terminal pty;
    Error error = open_terminal(rootfs.root.get(), context.host.rows, context.host.columns, &pty);
    if (error.ok()) error = attach_console(rootfs, pty.slave.get());
    if (error.ok()) error = send_descriptor(context.sync, Passed::Terminal, pty.master.get());
    *terminal = static_cast<Fd&&>(pty.slave);
    return error;
  }
  int null = context.host.null;
  Fd holder;
  if (owns_dev(context.host.spec->oci)) {
    Error error = open_null(rootfs.root.get(), O_RDWR, &null);
    if (error) return error;
    holder.reset(null);
  }
  for (int fd = 0; fd < 3; fd++) {
    int source = context.stdio[fd] >= 0 ? context.stdio[fd] : null;
    if (dup2(source, fd) < 0) return fail("stdio", "dup2");
  }
  return {};
}

Error build(const StartContext& context, Fd* terminal) {
  const Spec& spec = *context.host.spec;
  Error error = attach_self(spec.cgroup.attach, context.joined_cgroup);
  if (error.ok()) error = join_namespaces(context);
  if (error.ok()) error = prepare_process(spec.oci.process, context.host.proc);
  if (error.ok()) error = set_names(spec.oci);
  Rootfs rootfs;
  if (error.ok()) error = build_rootfs(spec, {context.host.bundle, context.host.secrets, context.joined}, &rootfs);
  for (size_t i = 0; i < spec.oci.sysctl.count && error.ok(); i++) error = write_sysctl(context, spec.oci.sysctl[i]);
  if (error.ok()) error = set_stdio(context, rootfs, terminal);
  // Now, as the root may be read-only in a moment. What is wrong with it, enter_directory() tells.
  Fd cwd;
  if (error.ok()) (void)create_in_root(rootfs.root.get(), spec.oci.process.cwd, Missing::Directory, &cwd);
  if (error.ok()) error = enter_rootfs(spec, rootfs);
  return error;
}

ProcessPlan container_plan(const StartContext& context) {
  const Spec& spec = *context.host.spec;
  const ProcessSpec& process = spec.oci.process;
  ProcessPlan plan{};
  plan.args = process.args;
  plan.env = process.env;
  plan.cwd = process.cwd;
  plan.user = spec.user;
  plan.group_add = spec.group_add;
  plan.defaults = &process;
  plan.capabilities = process.capabilities;
  plan.no_new_privileges = process.no_new_privileges;
  plan.seccomp = spec.seccomp;
  plan.init_executable = spec.init ? context.host.executable : -1;
  plan.sync = context.sync;
  return plan;
}

// Ends this process, the joiner, once the container's first is there.
Error finish_in_joined(const StartContext& context, const ProcessPlan& plan, const Identity& identity, Fd& terminal,
                       int parent, Arena& arena) {
  int sync = context.sync, slave = terminal ? terminal.release() : -1;
  if (slave >= 0) (void)!fchown(slave, identity.user.uid, gid_t(-1));
  Error error = await_go(sync);
  if (error.ok()) error = close_others(&sync, &slave);
  Execution execution{};
  if (error.ok()) error = give_up_privileges(plan, identity, arena, &execution);
  if (error.ok()) error = clone_finisher(sync, slave, parent, execution);
  if (error) send_failure(sync, error);
  _exit(0);
}

Error run_child(const StartContext& context) {
  int parent = getppid();
  begin_child();
  Fd terminal;
  Error error = build(context, &terminal);
  if (error) return error;
  ProcessPlan plan = container_plan(context);
  Arena arena;
  Identity identity;
  error = resolve_identity(plan, arena, &identity);
  if (error.ok()) error = enter_directory(plan.cwd);
  if (error) return error;
  give_stdio(identity.user.uid);
  if (context.joined.pid) return finish_in_joined(context, plan, identity, terminal, parent, arena);
  setsid();
  if (terminal) error = adopt_terminal(terminal.get());
  if (error) return error;
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  error = await_go(context.sync);
  Execution execution{};
  if (error.ok()) error = give_up_privileges(plan, identity, arena, &execution);
  if (error.ok()) error = die_with_parent(parent);
  return error ? error : execute(execution);
}

uint64_t clone_flags(const OciSpec& oci, const JoinedNamespaces& joined) {
  uint64_t flags = 0;
  for (int flag : {CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS}) {
    if (is_new(oci, flag) && !is_joined(joined, flag)) flags |= uint64_t(flag);
  }
  return flags;
}

// The container's ends of its pipes. Without a log too: somebody may attach.
struct Stdio {
  Fd input;
  Fd output;
  Fd errors;
};

Error make_pipe(Fd* reading, Fd* writing) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail("stdio", "pipe2");
  reading->reset(ends[0]);
  writing->reset(ends[1]);
  return {};
}

Error make_stdio(const Spec& spec, Child* child, Stdio* stdio) {
  Error error;
  if (spec.oci.process.terminal) return error;
  if (spec.stdin_open) error = make_pipe(&stdio->input, &child->input);
  if (error) return error;
  error = make_pipe(&child->output, &stdio->output);
  return error ? error : make_pipe(&child->errors, &stdio->errors);
}

// The joiner has cloned the first process, which waits to be let go.
Error adopt_first(const Host& host, PendingChild& pending, Fd pidfd) {
  pid_t joiner = pending.child.pid;
  Error error = identify_child(host, static_cast<Fd&&>(pidfd), &pending.child);
  while (waitpid(joiner, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (error.ok()) send_go(pending.sync.get());
  return error;
}

}  // namespace

Error begin_container(const Host& host, int netns, const JoinedNamespaces& joined, PendingChild* pending) {
  const Spec& spec = *host.spec;
  if (!is_new(spec.oci, CLONE_NEWNS)) return fail_with(EINVAL, "namespace", "clone3", "mount");
  Fd child_sync, cgroup;
  Stdio stdio;
  Error error = make_sync(&pending->sync, &child_sync);
  if (error.ok()) error = make_stdio(spec, &pending->child, &stdio);
  if (error) return error;
  open_clone_target(host, &cgroup);
  CloneRequest request{clone_flags(spec.oci, joined), cgroup.get()};
  int side = clone_child(host, request, &pending->child, &error);
  if (side < 0 && cgroup) {
    // ENOSYS, EINVAL: before Linux 5.7. EBUSY, EOPNOTSUPP: this cgroup takes no processes directly; the write tells
    // why.
    cgroup.reset();
    request.into_cgroup = -1;
    side = clone_child(host, request, &pending->child, &error);
  }
  if (side == 0) {
    const char* entered = cgroup ? spec.cgroup.unified : nullptr;
    StartContext context{host,
                         netns,
                         joined,
                         child_sync.get(),
                         {stdio.input.get(), stdio.output.get(), stdio.errors.get()},
                         entered};
    send_failure(child_sync.get(), run_child(context));
    _exit(127);
  }
  return side > 0 ? Error{} : error;
}

Error finish_container(const Host& host, PendingChild& pending, Child* child) {
  send_go(pending.sync.get());
  Error error;
  SyncMessage message;
  for (;;) {
    Fd fd;
    message = receive_sync(pending.sync.get(), Wait::Yes, &error, &fd);
    if (message == SyncMessage::Terminal) {
      pending.child.output = static_cast<Fd&&>(fd);
    } else if (message == SyncMessage::Process) {
      error = adopt_first(host, pending, static_cast<Fd&&>(fd));
      if (error) break;
    } else {
      break;
    }
  }
  *child = static_cast<Child&&>(pending.child);
  pending.sync.reset();
  if (message == SyncMessage::Executed) return {};
  kill(child->pid, SIGKILL);
  return error ? error : fail_with(EPROTO, "start", "recvmsg");
}

}  // namespace tc
