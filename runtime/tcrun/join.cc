// Joining a running container: exec and health probes.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>

#include "../common/text.h"
#include "capabilities.h"
#include "clone.h"
#include "container.h"
#include "feature.h"
#include "sync.h"
#include "terminal.h"

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

Error set_stdio(const JoinContext& context, Fd* terminal) {
  const JoinRequest& request = context.request;
  if (request.terminal) {
    Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    Terminal pty;
    Error error = open_terminal(root.get(), request.rows, request.columns, &pty);
    if (error.ok()) error = send_descriptor(context.sync, pty.master.get());
    *terminal = static_cast<Fd&&>(pty.slave);
    return error;
  }
  // In two steps: a source may itself have a number below 3.
  int copies[3];
  for (int i = 0; i < 3; i++) {
    int from = request.stdio[i] >= 0 ? request.stdio[i] : context.host.null;
    copies[i] = fcntl(from, F_DUPFD_CLOEXEC, 3);
    if (copies[i] < 0) return fail("stdio", "fcntl");
  }
  for (int i = 0; i < 3; i++) {
    if (dup2(copies[i], i) < 0) return fail("stdio", "dup2");
  }
  return {};
}

Error join_plan(const JoinContext& context, int parent, ProcessPlan* plan) {
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
  plan->parent = parent;
  if (!context.request.privileged) return {};
  CapabilitySet all = 0;
  Error error = read_permitted(&all);
  plan->capabilities = {all, all, all, 0, 0};
  return error;
}

Error run_child(const JoinContext& context) {
  reset_signals();
  const Spec& spec = *context.host.spec;
  Error error = attach_self(spec.cgroup.attach, context.joined_cgroup);
  if (error.ok()) error = prepare_process(spec.oci.process, context.host.proc);
  if (error.ok()) error = enter(context);
  Fd terminal;
  if (error.ok()) error = set_stdio(context, &terminal);
  ProcessPlan plan{};
  if (error.ok()) error = join_plan(context, getppid(), &plan);
  if (error) return error;
  Arena arena;
  Identity identity;
  error = resolve_identity(plan, arena, &identity);
  if (error.ok()) error = enter_directory(plan.cwd);
  if (error) return error;
  setsid();
  if (terminal) error = adopt_terminal(terminal.get());
  if (error) return error;
  give_stdio(identity.user.uid);
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  return become(plan, identity);
}

}  // namespace

Error join_container(const Host& host, const Child& container, const JoinRequest& request, PendingChild* pending) {
  const Spec& spec = *host.spec;
  Fd child_sync, cgroup;
  Error error = make_sync(&pending->sync, &child_sync);
  if (error) return error;
  if (spec.cgroup.unified && !is_disabled(Feature::CloneIntoCgroup)) {
    cgroup.reset(open(spec.cgroup.unified, O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  Path path;
  path.number(container.host_pid).add("/ns/pid");
  Fd pid_namespace(openat(host.proc, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!pid_namespace) return fail("namespace", "open", "pid");
  CloneRequest clone{0, cgroup.get(), pid_namespace.get()};
  int side = clone_child(host, clone, &pending->child, &error);
  if (side < 0 && cgroup) {
    cgroup.reset();
    clone.into_cgroup = -1;
    side = clone_child(host, clone, &pending->child, &error);
  }
  if (side == 0) {
    JoinContext context{host, container, request, child_sync.get(), cgroup ? spec.cgroup.unified : nullptr};
    send_failure(child_sync.get(), run_child(context));
    _exit(127);
  }
  return side > 0 ? Error{} : error;
}

}  // namespace tc
