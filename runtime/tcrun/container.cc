// The first process of a container: the steps between clone and execve, in an order that security rests on.
#include "container.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "assemble.h"
#include "clone.h"
#include "finisher.h"
#include "foreign.h"
#include "remapped.h"
#include "sync.h"
#include "terminal.h"
#include "user_namespace.h"

namespace tc {

namespace {

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
Error finish_in_joined(const StartContext& context, Fd& terminal, int parent) {
  const OciSpec& oci = context.host.spec->oci;
  ProcessPlan plan = container_plan(context);
  Arena arena;
  Identity identity;
  Error error = resolve_identity(plan, arena, &identity);
  if (error.ok()) error = enter_directory(plan.cwd, Absent::Make);
  if (error) return error;
  uint32_t owner = host_id(oci.uid_map, identity.user.uid);
  give_stdio(owner);
  int sync = context.sync, slave = terminal ? terminal.release() : -1;
  if (slave >= 0) (void)!fchown(slave, owner, gid_t(-1));
  error = await_go(sync);
  if (error.ok()) error = enter_user_namespace(context.host.userns);
  if (error.ok()) error = close_others(&sync, &slave);
  Execution execution{};
  if (error.ok()) error = give_up_privileges(plan, identity, arena, &execution);
  if (error.ok()) error = clone_finisher(sync, slave, parent, execution);
  if (error) send_failure(sync, error);
  _exit(0);
}

Error finish_first(const StartContext& context, const Fd& terminal, int parent) {
  ProcessPlan plan = container_plan(context);
  Arena arena;
  Identity identity;
  Error error = resolve_identity(plan, arena, &identity);
  if (error.ok()) error = enter_directory(plan.cwd, Absent::Make);
  if (error) return error;
  give_stdio(identity.user.uid);
  setsid();
  if (terminal) (void)!fchown(terminal.get(), identity.user.uid, gid_t(-1));
  if (terminal) error = adopt_terminal(terminal.get());
  if (error) return error;
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  error = await_go(context.sync);
  Execution execution{};
  if (error.ok()) error = give_up_privileges(plan, identity, arena, &execution);
  if (error.ok()) error = die_with_parent(parent);
  return error ? error : execute(execution);
}

Error build(const StartContext& context, Fd* terminal) {
  Error error = enter_host_side(context);
  RootfsDraft draft;
  if (error.ok()) error = prepare_rootfs(*context.host.spec, rootfs_sources(context), &draft);
  if (error.ok()) error = assemble(context, draft, terminal);
  if (error || *terminal) return error;
  Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return root ? set_stdio(context, root.get()) : fail("stdio", "open", "/");
}

Error run_child(const StartContext& context) {
  const int parent = getppid();
  begin_child();
  Fd terminal;
  if (context.joined.pid) {
    Error error = build(context, &terminal);
    return error ? error : finish_in_joined(context, terminal, parent);
  }
  Error error = context.host.userns < 0 ? build(context, &terminal) : build_remapped(context, &terminal);
  return error ? error : finish_first(context, terminal, parent);
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
  if (error.ok()) error = make_pipe(&child->errors, &stdio->errors);
  // Root of a user namespace passes on to the service's user what is its own, user and group.
  uint32_t uid = host_id(spec.oci.uid_map, 0), gid = host_id(spec.oci.gid_map, 0);
  for (const Fd* end : {&stdio->input, &stdio->output, &stdio->errors}) {
    if (error.ok() && *end && spec.oci.is_remapped()) (void)!fchown(end->get(), uid, gid);
  }
  return error;
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

// Held as long as the container lives, and with it what is mounted in there.
Error open_stage(const Host& host, Child* child) {
  Path path;
  path.number(child->host_pid).add("/ns/mnt");
  child->stage.reset(openat(host.proc, path.c_str(), O_RDONLY | O_CLOEXEC));
  return child->stage ? Error{} : fail("namespace", "open", "mnt");
}

// The child that has another runtime make the first process, and hands it over.
Error begin_foreign(const StartContext& context, PendingChild* pending) {
  Error error;
  int side = clone_child(context.host, {CLONE_NEWNS, -1}, &pending->child, &error);
  if (side == 0) {
    send_failure(context.sync, run_foreign(context));
    _exit(127);
  }
  return side > 0 ? open_stage(context.host, &pending->child) : error;
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
  if (spec.runtime.is_used()) {
    int ends[3] = {stdio.input.get(), stdio.output.get(), stdio.errors.get()};
    return begin_foreign({host, netns, joined, child_sync.get(), {ends[0], ends[1], ends[2]}, nullptr}, pending);
  }
  open_clone_target(host, &cgroup);
  // With a user namespace the first process, which has those namespaces, is cloned by this one.
  bool is_builder = host.userns >= 0 && !joined.pid;
  CloneRequest request{is_builder ? 0 : clone_flags(spec.oci, joined), cgroup.get()};
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
  if (host.spec->runtime.is_used()) explain_by_output(child->errors.get(), &error);
  return error ? error : fail_with(EPROTO, "start", "recvmsg");
}

}  // namespace tc
