// Builds the container's view of files in the calling mount namespace, in the order of config.json, and makes it the
// root.
#pragma once
#include "../common/fd.h"
#include "mount_options.h"
#include "peer.h"
#include "spec.h"

namespace tc {

struct Rootfs {
  Fd root;
};

// Borrowed descriptors.
struct RootfsSources {
  int bundle;   // the bundle directory, over which the root is mounted (in this mount namespace only)
  int secrets;  // the contents of the spec's secrets
  int userns;   // whose owners files are shown with; -1: those on the disk
  // With the mount namespaces of the containers that lend what `spec.joins` names.
  const JoinedNamespaces& joined;
};

struct PreparedMount {
  MountOptions options;
  Fd source;  // of a bind, or of a part of an image
  bool is_borrowed = false;
};

// What the mounts of config.json are made of, in their order; lives as long as the arena.
struct RootfsDraft {
  Arena arena;
  PreparedMount* mounts = nullptr;
};

// Takes hold of what the host or another container gives: before the root covers the bundle, and while the mounts here
// still share propagation with the host's, which "shared" and "slave" volumes need.
Error prepare_rootfs(const Spec& spec, const RootfsSources& sources, RootfsDraft* draft);
// Images that are mounted as volumes; they need the scratch directory that build_rootfs() uses, too.
Error prepare_images(const Spec& spec, int userns, PreparedMount* prepared);
// A mount of type proc that was made elsewhere takes the place of the one that would be made here.
void give_proc(const Spec& spec, RootfsDraft& draft, Fd proc);
Error build_rootfs(const Spec& spec, const RootfsSources& sources, RootfsDraft& draft, Rootfs* rootfs);
// Binds the pty's other end on /dev/console.
Error attach_console(const Rootfs& rootfs, int slave);
// Masked and read-only paths, read-only root, pivot. Afterwards "/" is the container's and the host's tree is
// unreachable.
Error enter_rootfs(const Spec& spec, const Rootfs& rootfs);

}  // namespace tc
