// Mounting by descriptor.
#include "mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include "../common/feature.h"
#include "../common/kernel.h"

namespace tc {

namespace {

constexpr char kStep[] = "mount";
// Flags that statfs(2) reports with the same numbers as mount(2) takes.
constexpr unsigned long kStatfsFlags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME;

// Names a descriptor for calls that know only paths. /proc is the host's until the root is pivoted.
class FdPath {
 public:
  explicit FdPath(int fd) { text_.add("/proc/self/fd/").number(fd); }
  const char* c_str() const { return text_.c_str(); }

 private:
  FixedText<32> text_;
};

struct FsFlag {
  unsigned long flag;
  const char* name;
};
constexpr FsFlag kFsFlags[] = {
    {MS_RDONLY, "ro"}, {MS_SYNCHRONOUS, "sync"}, {MS_DIRSYNC, "dirsync"}, {MS_MANDLOCK, "mand"},
};

Error configure(int fs, const char* source, const MountOptions& options, const char* path) {
  if (*source && fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) != 0) {
    return fail_with_log(fs, kStep, "fsconfig", path);
  }
  for (const FsFlag& flag : kFsFlags) {
    if (!(options.superblock & flag.flag)) continue;
    if (fsconfig(fs, FSCONFIG_SET_FLAG, flag.name, nullptr, 0) != 0) return fail_with_log(fs, kStep, "fsconfig", path);
  }
  for (const char* option : options.data) {
    const char* equals = strchr(option, '=');
    FixedText<256> key;
    key.add(option, equals ? size_t(equals - option) : strlen(option));
    int done = equals ? fsconfig(fs, FSCONFIG_SET_STRING, key.c_str(), equals + 1, 0)
                      : fsconfig(fs, FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0);
    if (done != 0) return fail_with_log(fs, kStep, "fsconfig", path);
  }
  if (fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return fail_with_log(fs, kStep, "fsconfig", path);
  return {};
}

Error move_to(int mount, int target, const char* path) {
  constexpr unsigned kByDescriptor = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (move_mount(mount, "", target, "", kByDescriptor) != 0) return fail(kStep, "move_mount", path);
  return {};
}

Error set_attributes(int mount, const MountOptions& options, const char* path) {
  mount_attr below{};
  below.attr_set = options.set_below;
  below.attr_clr = options.clear_below;
  mount_attr top{};
  top.attr_set = options.set;
  top.attr_clr = options.clear;
  mount_attr propagation{};
  propagation.propagation = options.propagation ? options.propagation : uint64_t(MS_PRIVATE);
  unsigned spread = options.propagation_below ? AT_RECURSIVE : 0;
  bool done = mount_setattr(mount, "", AT_EMPTY_PATH | spread, &propagation, sizeof propagation) == 0;
  if (done && (below.attr_set || below.attr_clr)) {
    done = mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &below, sizeof below) == 0;
  }
  if (done && (top.attr_set || top.attr_clr)) done = mount_setattr(mount, "", AT_EMPTY_PATH, &top, sizeof top) == 0;
  return done ? Error{} : fail(kStep, "mount_setattr", path);
}

// With mount(2) the new mount lies on top of `target`, which still names what is below it.
Error open_top(int target, const char* path, Fd* top) {
  char resolved[4096];
  ssize_t length = readlink(FdPath(target).c_str(), resolved, sizeof resolved - 1);
  if (length < 0) return fail(kStep, "readlink", path);
  resolved[length] = '\0';
  top->reset(open(resolved, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  return *top ? Error{} : fail(kStep, "open", path);
}

Error attach_bind_classic(const Fd& tree, const MountOptions& options, int target, const char* path) {
  unsigned long recursive = options.is_recursive_bind ? MS_REC : 0;
  FdPath source(tree.get());
  if (mount(source.c_str(), FdPath(target).c_str(), nullptr, MS_BIND | recursive, nullptr) != 0) {
    return fail(kStep, "mount", path);
  }
  Fd top;
  Error error = open_top(target, path, &top);
  if (error) return error;
  FdPath mounted(top.get());
  unsigned long spread = options.propagation_below ? MS_REC : 0;
  unsigned long propagation = options.propagation ? options.propagation : static_cast<unsigned long>(MS_PRIVATE);
  if (mount(nullptr, mounted.c_str(), nullptr, propagation | spread, nullptr) != 0) return fail(kStep, "mount", path);
  MountChange change{options.set | options.set_below, options.clear | options.clear_below, false};
  return change.set || change.clear ? change_mount(top.get(), change, path) : Error{};
}

Error attach_filesystem_classic(const char* type, const char* source, const MountOptions& options, int target,
                                const char* path) {
  Path data;
  join_options(options.data, data);
  if (data.overflowed()) return fail_with(E2BIG, kStep, "mount", path);
  unsigned long flags = classic_flags(options.set) | options.superblock;
  if (mount(source, FdPath(target).c_str(), type, flags, data.c_str()) != 0) return fail(kStep, "mount", path);
  return {};
}

}  // namespace

Error fail_with_log(int fs, const char* step, const char* call, const char* path) {
  Error error = fail(step, call, path);
  char log[sizeof error.detail];
  ssize_t length = read(fs, log, sizeof log - 1);
  if (length <= 2) return error;
  log[length] = '\0';
  return explain(error, log + 2);
}

bool has_mount_api() {
  static int known = -1;
  if (known >= 0) return known == 1;
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_RDONLY;
  // mount_setattr is the youngest of the four. A bad descriptor makes it fail where it exists, too, but not with
  // ENOSYS.
  bool there = mount_setattr(-1, "", AT_EMPTY_PATH, &attr, sizeof attr) != 0 && errno != ENOSYS;
  known = there && !is_disabled(Feature::MountApi) ? 1 : 0;
  return known == 1;
}

Error attach_filesystem(const char* type, const char* source, const MountOptions& options, int target,
                        const char* path) {
  if (!has_mount_api()) return attach_filesystem_classic(type, source, options, target, path);
  Fd fs(fsopen(type, FSOPEN_CLOEXEC));
  if (!fs) return fail(kStep, "fsopen", path);
  Error error = configure(fs.get(), source, options, path);
  if (error) return error;
  Fd mount(fsmount(fs.get(), FSMOUNT_CLOEXEC, unsigned(options.set)));
  if (!mount) return fail_with_log(fs.get(), kStep, "fsmount", path);
  return move_to(mount.get(), target, path);
}

Error open_bind_source(const char* source, bool recursive, Fd* tree) {
  if (has_mount_api()) {
    tree->reset(open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u)));
    return *tree ? Error{} : fail(kStep, "open_tree", source);
  }
  tree->reset(open(source, O_PATH | O_CLOEXEC));
  return *tree ? Error{} : fail(kStep, "open", source);
}

Error clone_bind_source(int fd, bool recursive, const char* path, Fd* tree) {
  if (has_mount_api()) {
    unsigned flags = AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u);
    tree->reset(open_tree(fd, "", flags));
    return *tree ? Error{} : fail(kStep, "open_tree", path);
  }
  tree->reset(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  return *tree ? Error{} : fail(kStep, "fcntl", path);
}

Error attach_bind(Fd tree, const MountOptions& options, int target, const char* path) {
  if (!has_mount_api()) return attach_bind_classic(tree, options, target, path);
  Error error = set_attributes(tree.get(), options, path);
  if (error) return error;
  return move_to(tree.get(), target, path);
}

Error map_owners(int tree, int userns, bool recursive, const char* path) {
  constexpr char kTooOld[] = "user namespaces need idmapped mounts (Linux 5.19)";
  if (!has_mount_api() || is_disabled(Feature::IdmappedMounts)) {
    return explain(fail_with(ENOSYS, kStep, "mount_setattr", path), kTooOld);
  }
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = uint64_t(userns);
  if (mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u), &attr, sizeof attr) == 0) return {};
  Error error = fail(kStep, "mount_setattr", path);
  if (error.errnum != EINVAL) return error;
  return explain(error, "its file system, or one below it, cannot show its files to a user namespace (idmapped mounts)");
}

Error change_mount(int fd, const MountChange& change, const char* path) {
  if (has_mount_api()) {
    mount_attr attr{};
    attr.attr_set = change.set;
    attr.attr_clr = change.clear;
    unsigned spread = change.is_recursive ? AT_RECURSIVE : 0;
    if (mount_setattr(fd, "", AT_EMPTY_PATH | spread, &attr, sizeof attr) == 0) return {};
    return fail(kStep, "mount_setattr", path);
  }
  // A remount replaces all flags, so those that the mount has are asked for again.
  struct statfs fs {};
  if (fstatfs(fd, &fs) != 0) return fail(kStep, "fstatfs", path);
  unsigned long kept = static_cast<unsigned long>(fs.f_flags) & kStatfsFlags & ~classic_flags(change.clear);
  unsigned long flags = MS_REMOUNT | MS_BIND | kept | classic_flags(change.set);
  if (mount(nullptr, FdPath(fd).c_str(), nullptr, flags, nullptr) != 0) return fail(kStep, "mount", path);
  return {};
}

}  // namespace tc
