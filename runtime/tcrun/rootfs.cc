// The mounts of a container, one after the other, each by descriptor.
#include "rootfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "../common/in_root.h"
#include "../common/kernel.h"
#include "cgroup_mount.h"
#include "devices.h"
#include "image_mount.h"
#include "mapped_overlay.h"
#include "masks.h"
#include "mount.h"
#include "overlay.h"
#include "present.h"
#include "secrets.h"
#include "tmpfs_mode.h"
#include "user_namespace.h"

namespace tc {

namespace {

constexpr char kStep[] = "mount";

bool is_type(const MountSpec& mount, const char* type) { return strcmp(mount.type, type) == 0; }

bool is_on(int fd, unsigned long magic) {
  struct statfs fs {};
  return fstatfs(fd, &fs) == 0 && static_cast<unsigned long>(fs.f_type) == magic;
}

// Files that lxcfs and the like replace by emulations; anything else mounted into /proc could fake what the runtime and
// the service read there.
bool may_cover_in_proc(const char* destination) {
  static const char* const kAllowed[] = {
      "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",   "/proc/stat",    "/proc/swaps",
      "/proc/uptime",  "/proc/loadavg",   "/proc/slabinfo",  "/proc/net/dev", "/proc/sys/kernel/ns_last_pid",
  };
  for (const char* allowed : kAllowed) {
    if (strcmp(destination, allowed) == 0) return true;
  }
  return false;
}

// The mount namespace that it is borrowed from, or -1.
int lender_of(const Spec& spec, const JoinedNamespaces& joined, const MountSpec& mount) {
  for (const JoinSpec& join : spec.joins) {
    for (const char* target : join.mounts) {
      if (strcmp(target, mount.destination) != 0) continue;
      return join.flag == CLONE_NEWPID ? joined.pid_lender.get() : joined.ipc_lender.get();
    }
  }
  return -1;
}

// What the other container has at the mount's target, as a tree that belongs to nobody yet. Links are not followed:
// they are the other's. Only the mount itself is taken, not what the other put on top of parts of it.
Error clone_in(int lender, const MountSpec& mount, Fd* tree) {
  if (setns(lender, CLONE_NEWNS) != 0) return fail(kStep, "setns", mount.destination);
  Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), target;
  target.reset(sys_openat2(root.get(), mount.destination, O_PATH | O_DIRECTORY | O_CLOEXEC,
                           RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS));
  if (!target) return fail(kStep, "openat2", mount.destination);
  if (is_type(mount, "proc") && !is_on(target.get(), PROC_SUPER_MAGIC)) {
    return fail_with(ENODEV, kStep, "fstatfs", mount.destination);
  }
  return clone_bind_source(target.get(), false, mount.destination, tree);
}

Error borrow_mount(int lender, const MountSpec& mount, Fd* tree) {
  if (!has_mount_api()) return explain(fail_with(ENOSYS, kStep, "open_tree"), "sharing mounts needs Linux 5.12");
  Fd home(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!home) return fail(kStep, "open", "/proc/self/ns/mnt");
  Error error = clone_in(lender, mount, tree);
  if (setns(home.get(), CLONE_NEWNS) != 0) return fail(kStep, "setns", "home");
  return error;
}

// "subpath=PATH" of a volume, found inside of it whatever links another container that has it puts there meanwhile.
Error open_bind(const MountSpec& mount, const MountOptions& options, Fd* tree) {
  constexpr char kSubpath[] = "subpath=";
  const char* subpath = nullptr;
  for (const char* option : options.data) {
    if (strncmp(option, kSubpath, sizeof kSubpath - 1) == 0) subpath = option + sizeof kSubpath - 1;
  }
  if (!subpath) return open_bind_source(mount.source, options.is_recursive_bind, tree);
  Fd volume(open(mount.source, O_PATH | O_DIRECTORY | O_CLOEXEC)), part;
  if (!volume) return fail(kStep, "open", mount.source);
  Error error = open_in_root(volume.get(), subpath, O_PATH, &part);
  if (error) return explain(fail_with(error.errnum, kStep, "openat2", subpath), "the volume has no such path");
  return clone_bind_source(part.get(), options.is_recursive_bind, mount.destination, tree);
}

Error prepare(const MountSpec& mount, int lender, int userns, PreparedMount* prepared) {
  const MountOptions& options = prepared->options;
  prepared->is_borrowed = lender >= 0;
  if (prepared->is_borrowed) return borrow_mount(lender, mount, &prepared->source);
  if (!options.is_bind) return {};
  Error error = open_bind(mount, options, &prepared->source);
  if (error || !options.is_mapped || userns < 0) return error;
  return map_owners(prepared->source.get(), userns, options.is_mapped_below, mount.source);
}

Error fail_forbidden(const MountSpec& mount) {
  return explain(fail_with(EPERM, kStep, "openat2", mount.destination), "nothing may be mounted inside /proc");
}

Error attach_volume(const MountSpec& mount, PreparedMount& prepared, int root) {
  struct stat st {};
  if (fstat(prepared.source.get(), &st) != 0) return fail(kStep, "fstat", mount.source);
  Fd target;
  Missing kind = S_ISDIR(st.st_mode) ? Missing::Directory : Missing::File;
  Error error = create_in_root(root, mount.destination, kind, &target);
  if (error) return error;
  bool covers_proc = is_on(target.get(), PROC_SUPER_MAGIC) && !may_cover_in_proc(mount.destination);
  bool replaces_proc = strcmp(mount.destination, "/proc") == 0 && !is_on(prepared.source.get(), PROC_SUPER_MAGIC);
  if (covers_proc || replaces_proc) return fail_forbidden(mount);
  return attach_bind(static_cast<Fd&&>(prepared.source), prepared.options, target.get(), mount.destination);
}

// An image may have made /proc or /sys a link to somewhere else: those are mounted on a real directory or not at all.
Error open_kernel_target(const char* destination, int root, Fd* target) {
  Fd parent;
  const char* name = nullptr;
  Error error = open_parent_without_links(root, destination, &parent, &name);
  if (error) return error;
  if (mkdirat(parent.get(), name, 0755) != 0 && errno != EEXIST) return fail(kStep, "mkdirat", destination);
  target->reset(openat(parent.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return *target ? Error{} : fail(kStep, "openat", destination);
}

// "uid=", "gid=" of file systems that are made by the host and count as it does.
List<const char*> map_owner_options(List<const char*> options, const OciSpec& oci, Arena& arena) {
  const char** mapped = arena.make<const char*>(options.count);
  for (size_t i = 0; i < options.count; i++) {
    const char* option = mapped[i] = options[i];
    bool is_uid = strncmp(option, "uid=", 4) == 0, is_gid = strncmp(option, "gid=", 4) == 0;
    uint64_t id = 0;
    if ((!is_uid && !is_gid) || !parse_unsigned(option + 4, strlen(option + 4), UINT32_MAX, &id)) continue;
    FixedText<32> text;
    text.add(option, 4).number(host_id(is_uid ? oci.uid_map : oci.gid_map, uint32_t(id)));
    mapped[i] = arena.copy(text.c_str());
  }
  return {mapped, options.count};
}

Error attach_new(const MountSpec& mount, const PreparedMount& prepared, int root, const OciSpec& oci) {
  Arena scratch;
  List<const char*> data = with_mode(mount, prepared.options.data, root, scratch);
  Fd target;
  bool is_kernel = is_type(mount, "proc") || is_type(mount, "sysfs") || is_type(mount, "cgroup");
  Error error = is_kernel ? open_kernel_target(mount.destination, root, &target)
                          : create_in_root(root, mount.destination, Missing::Directory, &target);
  if (error) return error;
  if (is_on(target.get(), PROC_SUPER_MAGIC)) return fail_forbidden(mount);
  if (is_type(mount, "cgroup")) return mount_cgroups(prepared.options, root, target.get(), mount.destination);
  MountOptions options = prepared.options;
  options.data = data;
  if (oci.is_remapped()) options.data = map_owner_options(options.data, oci, scratch);
  return attach_filesystem(mount.type, mount.source, options, target.get(), mount.destination);
}

// As the configuration says, whatever the other container's mount allows: the tree is a mount of its own.
Error attach_borrowed(const MountSpec& mount, PreparedMount& prepared, int root) {
  Fd target;
  Error error = is_type(mount, "proc") ? open_kernel_target(mount.destination, root, &target)
                                       : create_in_root(root, mount.destination, Missing::Directory, &target);
  if (error) return error;
  MountOptions options = prepared.options;
  options.is_bind = true;
  return attach_bind(static_cast<Fd&&>(prepared.source), options, target.get(), mount.destination);
}

Error attach(const MountSpec& mount, PreparedMount& prepared, int root, const OciSpec& oci) {
  if (prepared.is_borrowed) return attach_borrowed(mount, prepared, root);
  if (prepared.source) return attach_volume(mount, prepared, root);
  return attach_new(mount, prepared, root, oci);
}

// The monitor's descriptor belongs to the host's mount namespace, and a mount goes only onto a directory of one's own.
Error reopen_bundle(const char* path, int bundle, Fd* own) {
  own->reset(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat here {}, there {};
  if (!*own || fstat(own->get(), &here) != 0 || fstat(bundle, &there) != 0) return fail("rootfs", "open", path);
  bool is_same = here.st_dev == there.st_dev && here.st_ino == there.st_ino;
  return is_same ? Error{} : explain(fail_with(ESTALE, "rootfs", "open", path), "is not the directory that is locked");
}

Error mount_root(const Spec& spec, int userns, int target, Fd* root) {
  if (userns < 0) return mount_overlay(spec.root, target, spec.bundle, root);
  return mount_mapped_overlay(spec.root, userns, spec.run_dir, target, spec.bundle, root);
}

}  // namespace

// What has to be mounted somewhere before it can be taken hold of: over the directory of the container's status, which
// nothing in this mount namespace needs and which the pivot takes away.
Error prepare_images(const Spec& spec, int userns, PreparedMount* prepared) {
  for (size_t i = 0; i < spec.oci.mounts.count; i++) {
    const MountSpec& mount = spec.oci.mounts[i];
    if (!is_type(mount, "overlay")) continue;
    Error error = open_image_source(mount, spec.run_dir, userns, &prepared[i].source);
    if (error) return error;
  }
  return {};
}

Error prepare_rootfs(const Spec& spec, const RootfsSources& sources, RootfsDraft* draft) {
  draft->mounts = draft->arena.make<PreparedMount>(spec.oci.mounts.count);
  Error error;
  for (size_t i = 0; i < spec.oci.mounts.count && error.ok(); i++) {
    const MountSpec& mount = spec.oci.mounts[i];
    PreparedMount* prepared = new (&draft->mounts[i]) PreparedMount;
    prepared->options = parse_mount_options(mount, draft->arena);
    error = prepare(mount, lender_of(spec, sources.joined, mount), sources.userns, prepared);
  }
  return error;
}

void give_proc(const Spec& spec, RootfsDraft& draft, Fd proc) {
  for (size_t i = 0; i < spec.oci.mounts.count; i++) {
    if (!is_type(spec.oci.mounts[i], "proc") || draft.mounts[i].is_borrowed) continue;
    draft.mounts[i].is_borrowed = true;
    draft.mounts[i].source = static_cast<Fd&&>(proc);
    return;
  }
}

Error build_rootfs(const Spec& spec, const RootfsSources& sources, RootfsDraft& draft, Rootfs* rootfs) {
  // pivot_root(2) refuses shared mounts, and nothing made here may spread to the host.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail(kStep, "mount", "/");
  Fd* secrets = draft.arena.make<Fd>(spec.secrets.count);
  for (size_t i = 0; i < spec.secrets.count; i++) new (&secrets[i]) Fd;
  Error error = prepare_images(spec, sources.userns, draft.mounts);
  if (error.ok()) error = open_secrets(spec, sources.secrets, secrets);
  Fd target;
  if (error.ok()) error = reopen_bundle(spec.bundle, sources.bundle, &target);
  if (error.ok()) error = mount_root(spec, sources.userns, target.get(), &rootfs->root);
  if (error.ok()) add_present(spec.root.present, rootfs->root.get());
  for (size_t i = 0; i < spec.oci.mounts.count && error.ok(); i++) {
    error = attach(spec.oci.mounts[i], draft.mounts[i], rootfs->root.get(), spec.oci);
  }
  if (error.ok()) error = attach_secrets(spec.secrets, secrets, rootfs->root.get());
  if (error) return error;
  return create_devices(spec.oci, rootfs->root.get());
}

Error attach_console(const Rootfs& rootfs, int slave) {
  Fd target, clone;
  Error error = create_in_root(rootfs.root.get(), "/dev/console", Missing::File, &target);
  if (error.ok()) error = clone_bind_source(slave, false, "/dev/console", &clone);
  if (error) return error;
  return attach_bind(static_cast<Fd&&>(clone), MountOptions{}, target.get(), "/dev/console");
}

Error enter_rootfs(const Spec& spec, const Rootfs& rootfs) {
  int root = rootfs.root.get();
  Error error = make_paths_readonly(spec.oci.readonly_paths, root);
  if (error.ok()) error = mask_paths(spec.oci.masked_paths, root);
  if (error.ok() && spec.oci.root_readonly) error = change_mount(root, {MOUNT_ATTR_RDONLY, 0, false}, "/");
  if (error) return error;
  Fd old_root(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!old_root) return fail("pivot", "open", "/");
  // With "." twice the old root ends up below the new one, at the same place, and comes off without a directory for it:
  // pivot_root(2), "pivot_root(".", ".")".
  if (fchdir(root) != 0) return fail("pivot", "fchdir");
  if (sys_pivot_root(".", ".") != 0) return fail("pivot", "pivot_root");
  if (fchdir(old_root.get()) != 0) return fail("pivot", "fchdir");
  if (umount2(".", MNT_DETACH) != 0) return fail("pivot", "umount2");
  if (chdir("/") != 0) return fail("pivot", "chdir", "/");
  return {};
}

}  // namespace tc
