// Putting a container together.
#include "assemble.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "../common/file.h"
#include "../common/in_root.h"
#include "../common/text.h"
#include "clone.h"
#include "devices.h"
#include "sync.h"
#include "terminal.h"
#include "user_namespace.h"

namespace tc {

namespace {

const NamespaceSpec* find_namespace(const OciSpec& oci, int flag) {
  for (const NamespaceSpec& space : oci.namespaces) {
    if (space.flag == flag) return &space;
  }
  return nullptr;
}

bool is_joined(const JoinedNamespaces& joined, int flag) {
  return (flag == CLONE_NEWPID && joined.pid) || (flag == CLONE_NEWIPC && joined.ipc) ||
         (flag == CLONE_NEWUTS && joined.uts);
}

// The cgroup namespace is made once the process is in its cgroups, where there is a user namespace by who is in that; the
// network one comes from the monitor. Somebody
// else's pid namespace is for children only (finisher.h).
Error join_namespaces(const StartContext& context) {
  const JoinedNamespaces& joined = context.joined;
  if (context.netns >= 0 && setns(context.netns, CLONE_NEWNET) != 0) return fail("namespace", "setns", "network");
  if (joined.ipc && setns(joined.ipc.get(), CLONE_NEWIPC) != 0) return fail("namespace", "setns", "ipc");
  if (joined.uts && setns(joined.uts.get(), CLONE_NEWUTS) != 0) return fail("namespace", "setns", "uts");
  if (joined.pid && setns(joined.pid.get(), CLONE_NEWPID) != 0) return fail("namespace", "setns", "pid");
  const OciSpec& oci = context.host.spec->oci;
  if (!oci.is_remapped() && is_new(oci, CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) != 0) {
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

// Its other end goes to the monitor.
Error make_terminal(const StartContext& context, const Rootfs& rootfs, Fd* slave) {
  Terminal pty;
  Error error = open_terminal(rootfs.root.get(), context.host.rows, context.host.columns, &pty);
  if (error.ok()) error = attach_console(rootfs, pty.slave.get());
  if (error.ok()) error = send_descriptor(context.sync, Passed::Terminal, pty.master.get());
  *slave = static_cast<Fd&&>(pty.slave);
  return error;
}

}  // namespace

bool is_new(const OciSpec& oci, int flag) {
  const NamespaceSpec* space = find_namespace(oci, flag);
  return space && !space->path;
}

uint64_t clone_flags(const OciSpec& oci, const JoinedNamespaces& joined) {
  uint64_t flags = 0;
  for (int flag : {CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS}) {
    if (is_new(oci, flag) && !is_joined(joined, flag)) flags |= uint64_t(flag);
  }
  return flags;
}

Error enter_host_side(const StartContext& context) {
  const Spec& spec = *context.host.spec;
  Error error = attach_self(spec.cgroup.attach, context.joined_cgroup);
  if (error.ok()) error = join_namespaces(context);
  if (error.ok()) error = prepare_process(spec.oci.process, context.host.proc);
  return error;
}

RootfsSources rootfs_sources(const StartContext& context) {
  const Host& host = context.host;
  return {host.bundle, host.secrets, host.userns, context.joined};
}

Error assemble(const StartContext& context, RootfsDraft& draft, Fd* terminal) {
  const Spec& spec = *context.host.spec;
  Error error = set_names(spec.oci);
  if (error.ok()) error = act_as_root_of(spec.oci);
  Rootfs rootfs;
  if (error.ok()) error = build_rootfs(spec, rootfs_sources(context), draft, &rootfs);
  for (size_t i = 0; i < spec.oci.sysctl.count && error.ok(); i++) error = write_sysctl(context, spec.oci.sysctl[i]);
  if (error.ok() && spec.oci.process.terminal) error = make_terminal(context, rootfs, terminal);
  // Now, as the root may be read-only in a moment. What is wrong with it, enter_directory() tells.
  Fd cwd;
  if (error.ok()) (void)create_in_root(rootfs.root.get(), spec.oci.process.cwd, Missing::Directory, &cwd);
  if (error.ok()) error = enter_rootfs(spec, rootfs);
  return error;
}

// /dev/null of the container instead of the host's, and pipes that the service's user may open again as /dev/stdout.
Error set_stdio(const StartContext& context, int root) {
  int null = context.host.null;
  Fd holder;
  if (owns_dev(context.host.spec->oci)) {
    Error error = open_null(root, O_RDWR, &null);
    if (error) return error;
    holder.reset(null);
  }
  for (int fd = 0; fd < 3; fd++) {
    int source = context.stdio[fd] >= 0 ? context.stdio[fd] : null;
    if (dup2(source, fd) < 0) return fail("stdio", "dup2");
  }
  return {};
}

}  // namespace tc
