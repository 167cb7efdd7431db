// Attaching file systems and binds to descriptors: every target is an O_PATH descriptor that was resolved inside the
// container's root, so no path is looked up twice. By the mount API of Linux 5.2/5.12, or by mount(2) where it is
// missing.
#pragma once
#include "../common/fd.h"
#include "mount_options.h"

namespace tc {

// Whether fsopen, open_tree, mount_setattr and move_mount are there. Asks the kernel once.
bool has_mount_api();

// errno, and what the kernel wrote into the log of the file system context `fs` ("e overlay: ...").
Error fail_with_log(int fs, const char* step, const char* call, const char* path);

// A new instance of a file system on `target`.
Error attach_filesystem(const char* type, const char* source, const MountOptions& options, int target,
                        const char* path);

// Takes hold of what `source` names, before anything else is mounted.
Error open_bind_source(const char* source, bool recursive, Fd* tree);
// The same for what an O_PATH descriptor holds.
Error clone_bind_source(int fd, bool recursive, const char* path, Fd* tree);
// Attaches it to `target`; options are in force before it becomes visible (with the mount API).
Error attach_bind(Fd tree, const MountOptions& options, int target, const char* path);

// Lets a tree that belongs to nobody yet show owners as the user namespace maps them: what is 0 on the disk is root's in
// there, and what root in there makes is 0 on the disk.
Error map_owners(int tree, int userns, bool recursive, const char* path);

// Changes flags (MOUNT_ATTR_*) of the mount that `fd` is the root of.
struct MountChange {
  uint64_t set;
  uint64_t clear;
  bool is_recursive;
};
Error change_mount(int fd, const MountChange& change, const char* path);

}  // namespace tc
