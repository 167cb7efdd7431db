// User namespaces.
#include "user_namespace.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <grp.h>

#include <csignal>

#include "../common/file.h"
#include "../common/text.h"
#include "capabilities.h"
#include "clone.h"
#include "sync.h"

namespace tc {

namespace {

constexpr char kStep[] = "user namespace";

Error write_map(int proc, int pid, const char* name, List<IdMapping> map) {
  FixedText<4096> text;
  for (const IdMapping& mapping : map) {
    text.number(mapping.inside).add(' ').number(mapping.outside).add(' ').number(mapping.size).add('\n');
  }
  Path path;
  path.number(pid).add('/').add(name);
  Error error = write_kernel_file(proc, path.c_str(), text.c_str());
  error.step = kStep;
  return error;
}

Error open_namespace(int proc, int pid, const char* type, Fd* fd) {
  Path path;
  path.number(pid).add("/ns/").add(type);
  fd->reset(openat(proc, path.c_str(), O_RDONLY | O_CLOEXEC));
  return *fd ? Error{} : fail(kStep, "open", path.c_str());
}

// Stays in its namespaces, so that they can be opened, until it is killed.
Error hold_namespaces(int userns, bool with_network, int sync) {
  begin_child();
  if (userns >= 0 && setns(userns, CLONE_NEWUSER) != 0) return fail(kStep, "setns", "user");
  if (with_network && unshare(CLONE_NEWNET) != 0) return fail(kStep, "unshare", "network");
  send_go(sync);
  for (;;) pause();
}

Error open_held(const Host& host, const Child& holder, bool with_network, Fd* userns, Fd* netns) {
  const OciSpec& oci = host.spec->oci;
  int pid = holder.host_pid;
  Error error;
  if (!*userns) {
    error = write_map(host.proc, pid, "uid_map", oci.uid_map);
    if (error.ok()) error = write_map(host.proc, pid, "gid_map", oci.gid_map);
    if (error.ok()) error = open_namespace(host.proc, pid, "user", userns);
  }
  if (error.ok() && with_network) error = open_namespace(host.proc, pid, "net", netns);
  return error;
}

}  // namespace

uint32_t host_id(List<IdMapping> map, uint32_t id) {
  if (map.count == 0) return id;
  for (const IdMapping& mapping : map) {
    if (id >= mapping.inside && id - mapping.inside < mapping.size) return mapping.outside + (id - mapping.inside);
  }
  return UINT32_MAX;
}

Error make_namespaces(const Host& host, bool with_network, Fd* userns, Fd* netns) {
  Fd ours, theirs;
  Error error = make_sync(&ours, &theirs);
  if (error) return error;
  Child holder;
  CloneRequest request;
  request.flags = *userns ? 0 : CLONE_NEWUSER;
  int side = clone_child(host, request, &holder, &error);
  if (side < 0) {
    bool is_refused = error.errnum == ENOSPC || error.errnum == EPERM || error.errnum == EINVAL;
    return is_refused ? explain(error, "this host allows no user namespaces (user.max_user_namespaces)") : error;
  }
  if (side == 0) {
    send_failure(theirs.get(), hold_namespaces(userns->get(), with_network, theirs.get()));
    _exit(1);
  }
  theirs.reset();
  error = await_go(ours.get());
  if (error.ok()) error = open_held(host, holder, with_network, userns, netns);
  kill(holder.pid, SIGKILL);
  while (waitpid(holder.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return error;
}

Error open_owner(int space, Fd* userns) {
  userns->reset(ioctl(space, NS_GET_USERNS));
  if (!*userns) return fail(kStep, "ioctl", "NS_GET_USERNS");
  fcntl(userns->get(), F_SETFD, FD_CLOEXEC);
  struct stat own {}, host {};
  if (fstat(userns->get(), &own) != 0 || stat("/proc/self/ns/user", &host) != 0) return fail(kStep, "stat");
  if (own.st_dev != host.st_dev || own.st_ino != host.st_ino) return {};
  return explain(fail_with(EXDEV, kStep, "ioctl"), "what it shares belongs to a container without a user namespace");
}

Error act_as_root_of(const OciSpec& oci) {
  if (!oci.is_remapped()) return {};
  setfsgid(host_id(oci.gid_map, 0));
  setfsuid(host_id(oci.uid_map, 0));
  // With a file system id other than 0 those about files went out of force.
  CapabilitySet held = 0;
  Error error = read_permitted(&held);
  return error ? error : set_capabilities(held, held, 0);
}

Error become_root() {
  if (setgroups(0, nullptr) != 0) return fail(kStep, "setgroups");
  if (setresgid(0, 0, 0) != 0) return fail(kStep, "setresgid");
  return setresuid(0, 0, 0) == 0 ? Error{} : fail(kStep, "setresuid");
}

Error enter_user_namespace(int userns) {
  if (userns < 0) return {};
  if (setns(userns, CLONE_NEWUSER) != 0) return fail(kStep, "setns");
  return become_root();
}

}  // namespace tc
