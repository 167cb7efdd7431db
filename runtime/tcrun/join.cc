// Joining a running container: exec and health probes.
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>

#include <csignal>

#include "../common/feature.h"
#include "../common/text.h"
#include "capabilities.h"
#include "clone.h"
#include "container.h"
#include "devices.h"
#include "finisher.h"
#include "foreign.h"
#include "sync.h"
#include "terminal.h"
#include "user_namespace.h"

namespace tc {

namespace {

constexpr int kJoined = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

struct JoinContext {
  const Host& host;
  const Child& container;
  const JoinRequest& request;
  int sync;
  const char* joined_cgroup;
};

// Before Linux 5.8 setns(2) takes no pidfd. The mount namespace comes last: it takes the host's /proc away.
Error enter_by_files(const Host& host, int pid) {
  static const struct {
    const char* name;
    int flag;
  } kFiles[] = {{"net", CLONE_NEWNET}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP},
                {"mnt", CLONE_NEWNS}};
  for (const auto& file : kFiles) {
    Path path;
    path.number(pid).add("/ns/").add(file.name);
    Fd fd(openat(host.proc, path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail("namespace", "open", file.name);
    if (setns(fd.get(), file.flag) != 0) return fail("namespace", "setns", file.name);
  }
  return {};
}

Error enter(const JoinContext& context) {
  if (!is_disabled(Feature::SetnsByPidfd)) {
    if (setns(context.container.pidfd.get(), kJoined) == 0) return {};
    if (errno != EINVAL) return fail("namespace", "setns", "pidfd");
  }
  return enter_by_files(context.host, context.container.host_pid);
}

// Never the host's, whose mode and owner root inside could change through the descriptor.
Error open_own_null(const JoinContext& context, int root, Fd* null) {
  int fd = -1;
  Error error = owns_dev(context.host.spec->oci) ? open_null(root, O_RDWR, &fd) : Error{};
  null->reset(fd >= 0 ? fd : fcntl(context.host.null, F_DUPFD_CLOEXEC, 3));
  return error;
}

Error set_stdio(const JoinContext& context, Fd* terminal) {
  const JoinRequest& request = context.request;
  Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail("stdio", "open", "/");
  if (request.terminal) {
    Terminal pty;
    Error error = open_terminal(root.get(), request.rows, request.columns, &pty);
    if (error.ok()) error = send_descriptor(context.sync, Passed::Terminal, pty.master.get());
    *terminal = static_cast<Fd&&>(pty.slave);
    return error;
  }
  Fd null;
  Error error = open_own_null(context, root.get(), &null);
  if (error) return error;
  // In two steps: a source may itself have a number below 3.
  int copies[3];
  for (int i = 0; i < 3; i++) {
    copies[i] = fcntl(request.stdio[i] >= 0 ? request.stdio[i] : null.get(), F_DUPFD_CLOEXEC, 3);
    if (copies[i] < 0) return fail("stdio", "fcntl");
  }
  for (int i = 0; i < 3; i++) {
    if (dup2(copies[i], i) < 0) return fail("stdio", "dup2");
  }
  return {};
}

Error join_plan(const JoinContext& context, ProcessPlan* plan) {
  const Spec& spec = *context.host.spec;
  const ProcessSpec& process = spec.oci.process;
  plan->args = context.request.args;
  plan->env = context.request.env;
  plan->cwd = context.request.cwd;
  plan->user = context.request.user ? context.request.user : spec.user;
  plan->group_add = spec.group_add;
  plan->defaults = &process;
  plan->capabilities = process.capabilities;
  plan->no_new_privileges = process.no_new_privileges;
  plan->seccomp = spec.seccomp;
  plan->init_executable = -1;
  if (!context.request.privileged) return {};
  CapabilitySet all = 0;
  Error error = read_permitted(&all);
  plan->capabilities = {all, all, all, 0, 0};
  return error;
}

Error run_joiner(const JoinContext& context, int pid_namespace, int* sync) {
  int parent = getppid(), slave = -1;
  begin_child();
  const Spec& spec = *context.host.spec;
  Error error = attach_self(spec.cgroup.attach, context.joined_cgroup);
  if (error.ok()) error = prepare_process(spec.oci.process, context.host.proc);
  if (error.ok() && setns(pid_namespace, CLONE_NEWPID) != 0) error = fail("namespace", "setns", "pid");
  if (error.ok()) error = enter(context);
  if (error.ok()) error = act_as_root_of(spec.oci);
  Fd terminal;
  if (error.ok()) error = set_stdio(context, &terminal);
  ProcessPlan plan{};
  if (error.ok()) error = join_plan(context, &plan);
  if (error) return error;
  Arena arena;
  Identity identity;
  error = resolve_identity(plan, arena, &identity);
  if (error.ok()) error = enter_directory(plan.cwd, Absent::Fail);
  if (error) return error;
  uint32_t owner = host_id(spec.oci.uid_map, identity.user.uid);
  give_stdio(owner);
  if (terminal) (void)!fchown(terminal.get(), owner, gid_t(-1));
  slave = terminal ? terminal.get() : -1;
  error = enter_user_namespace(context.host.userns);
  if (error.ok()) error = close_others(sync, &slave);
  (void)terminal.release();
  Execution execution{};
  if (error.ok()) error = give_up_privileges(plan, identity, arena, &execution);
  return error ? error : clone_finisher(*sync, slave, parent, execution);
}

Error open_pid_namespace(const Host& host, const Child& container, Fd* fd) {
  Path path;
  path.number(container.host_pid).add("/ns/pid");
  fd->reset(openat(host.proc, path.c_str(), O_RDONLY | O_CLOEXEC));
  return *fd ? Error{} : fail("namespace", "open", "pid");
}

// The monitor may have reaped it already, if it was killed right away: then nobody will hear of it again.
bool is_dead(const Child& child) {
  pollfd poll_fd{child.pidfd.get(), POLLIN, 0};
  return poll(&poll_fd, 1, 0) == 1;
}

}  // namespace

Error begin_join(const Host& host, const Child& container, const JoinRequest& request, Joining* joining) {
  const Spec& spec = *host.spec;
  Fd child_sync, cgroup, pid_namespace;
  Error error = make_sync(&joining->sync, &child_sync);
  if (error.ok()) error = open_pid_namespace(host, container, &pid_namespace);
  if (error) return error;
  if (!spec.runtime.is_opaque) open_clone_target(host, &cgroup);
  Child joiner;
  CloneRequest clone{0, cgroup.get()};
  int side = clone_child(host, clone, &joiner, &error);
  if (side < 0 && cgroup) {
    cgroup.reset();
    clone.into_cgroup = -1;
    side = clone_child(host, clone, &joiner, &error);
  }
  if (side == 0 && spec.runtime.is_opaque) {
    send_failure(child_sync.get(), run_foreign_exec(host, container, request, child_sync.get()));
    _exit(0);
  }
  if (side == 0) {
    JoinContext context{host, container, request, child_sync.get(), cgroup ? spec.cgroup.unified : nullptr};
    int sync = context.sync;
    error = run_joiner(context, pid_namespace.get(), &sync);
    if (error) send_failure(sync, error);
    _exit(0);
  }
  joining->joiner = joiner.pid;
  return side > 0 ? Error{} : error;
}

JoinState advance_join(const Host& host, Joining& joining, Error* error) {
  for (;;) {
    Fd fd;
    switch (receive_sync(joining.sync.get(), Wait::No, error, &fd)) {
      case SyncMessage::Nothing:
        return JoinState::Pending;
      case SyncMessage::Terminal:
        joining.child.output = static_cast<Fd&&>(fd);
        continue;
      case SyncMessage::Process:
        *error = identify_child(host, static_cast<Fd&&>(fd), &joining.child);
        if (error->ok() && !host.spec->runtime.is_opaque && is_dead(joining.child)) *error = fail_with(ESRCH, "start", "clone");
        if (*error) break;
        send_go(joining.sync.get());
        continue;
      case SyncMessage::Executed:
        if (joining.child.pid) return JoinState::Executed;
        *error = fail_with(ESRCH, "start", "clone");
        return JoinState::Failed;
      case SyncMessage::Mount:  // which only the first process of a container gives
        *error = fail_with(EPROTO, "start", "recvmsg");
        break;
      case SyncMessage::Failed:
        break;
    }
    return JoinState::Failed;
  }
}

}  // namespace tc
