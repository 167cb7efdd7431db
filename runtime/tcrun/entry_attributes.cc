#include "entry_attributes.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <cerrno>

namespace tc {

namespace {

// What overlayfs reads from trusted.* would let a layer redirect lookups, labels belong to the host that made them, and
// default ACLs would change the modes of what is made after them.
bool is_kept(const std::string& name) {
  return name == "security.capability" || (name.starts_with("user.") && !name.starts_with("user.overlay."));
}

}  // namespace

Error set_xattrs(int fd, const TarEntry& entry) {
  for (const Xattr& xattr : entry.xattrs) {
    if (!is_kept(xattr.name)) continue;
    if (fsetxattr(fd, xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0) == 0) continue;
    // Not every file system has user attributes; losing one is what `cp -a` does there too.
    if (errno == ENOTSUP && xattr.name.starts_with("user.")) continue;
    return fail("unpack", "fsetxattr", entry.name.c_str());
  }
  return {};
}

timespec mtime_of(const TarEntry& entry) { return {entry.mtime, static_cast<long>(entry.mtime_nsec)}; }

Error set_time_at(int parent, const std::string& name, const TarEntry& entry) {
  timespec times[2] = {{0, UTIME_OMIT}, mtime_of(entry)};
  if (utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0) return {};
  return fail("unpack", "utimensat", entry.name.c_str());
}

// Removing what another namespace has something mounted on takes that mount away: the kernel refuses it only at home.
bool is_mount_root(int parent, const std::string& name) {
  struct statx status;
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  if (statx(parent, name.c_str(), flags, STATX_TYPE, &status) < 0) return false;
  return status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

}  // namespace tc
