// Builds the container's view of files in the calling mount namespace, in the order of config.json, and makes it the
// root.
#pragma once
#include "../common/fd.h"
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
  // With the mount namespaces of the containers that lend what `spec.joins` names.
  const JoinedNamespaces& joined;
};

Error build_rootfs(const Spec& spec, const RootfsSources& sources, Rootfs* rootfs);
// Binds the pty's other end on /dev/console.
Error attach_console(const Rootfs& rootfs, int slave);
// Masked and read-only paths, read-only root, pivot. Afterwards "/" is the container's and the host's tree is
// unreachable.
Error enter_rootfs(const Spec& spec, const Rootfs& rootfs);

}  // namespace tc
