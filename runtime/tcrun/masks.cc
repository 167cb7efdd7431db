// Masks: directories get one shared empty read-only tmpfs, files the container's /dev/null.
#include "masks.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../common/in_root.h"
#include "devices.h"
#include "mount.h"

namespace tc {

namespace {

constexpr char kStep[] = "mask";

MountOptions empty_tmpfs() {
  static const char* const kData[] = {"nr_blocks=1", "nr_inodes=1"};
  MountOptions options;
  options.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  options.superblock = MS_RDONLY;
  options.data = {kData, 2};
  return options;
}

// The first masked directory carries the tmpfs, the others clones of that mount: one superblock to make and to reap.
Error mask_directory(int target, const char* path, int root, const char** first) {
  if (!*first) {
    *first = path;
    return attach_filesystem("tmpfs", "tmpfs", empty_tmpfs(), target, path);
  }
  Fd mounted, clone;
  Error error = open_in_root(root, *first, O_PATH, &mounted);
  if (error.ok()) error = clone_bind_source(mounted.get(), false, path, &clone);
  if (error) return error;
  MountOptions options;
  options.set = MOUNT_ATTR_RDONLY;
  return attach_bind(static_cast<Fd&&>(clone), options, target, path);
}

Error mask_file(int target, const char* path, int root) {
  int null = -1;
  Error error = open_null(root, O_PATH, &null);
  if (error) return error;
  Fd holder(null), clone;
  error = clone_bind_source(null, false, path, &clone);
  if (error) return error;
  return attach_bind(static_cast<Fd&&>(clone), MountOptions{}, target, path);
}

bool is_absent(const Error& error) { return error.errnum == ENOENT || error.errnum == ENOTDIR; }

}  // namespace

Error mask_paths(List<const char*> paths, int root) {
  const char* first = nullptr;
  for (const char* path : paths) {
    Fd target;
    Error error = open_in_root(root, path, O_PATH, &target);
    if (is_absent(error)) continue;
    struct stat st {};
    if (error.ok() && fstat(target.get(), &st) != 0) error = fail(kStep, "fstat", path);
    if (error) return error;
    error = S_ISDIR(st.st_mode) ? mask_directory(target.get(), path, root, &first)
                                : mask_file(target.get(), path, root);
    if (error) return error;
  }
  return {};
}

Error make_paths_readonly(List<const char*> paths, int root) {
  for (const char* path : paths) {
    Fd target, clone;
    Error error = open_in_root(root, path, O_PATH, &target);
    if (is_absent(error)) continue;
    if (error.ok()) error = clone_bind_source(target.get(), true, path, &clone);
    MountOptions options;
    options.is_recursive_bind = true;
    options.set_below = MOUNT_ATTR_RDONLY;
    if (error.ok()) error = attach_bind(static_cast<Fd&&>(clone), options, target.get(), path);
    if (error) return error;
  }
  return {};
}

}  // namespace tc
