// Newer kernel interfaces that have a fallback. TCOMPOSE_DISABLE=name,name forces the fallback, so that tests reach it
// on any kernel.
#pragma once
#include <cstdint>

namespace tc {

enum class Feature : uint8_t {
  MountApi,           // "mount-api": fsopen, open_tree, mount_setattr, move_mount
  LowerdirPlus,       // "lowerdir+": overlay layers one by one (Linux 6.8)
  CloneIntoCgroup,    // "clone-into-cgroup": clone3 with CLONE_INTO_CGROUP (Linux 5.7)
  SealByMount,        // "seal-by-mount": read-only bind of the executable instead of a memfd copy
  SetnsByPidfd,       // "setns-pidfd": setns(2) with a pidfd (Linux 5.8)
  IdmappedMounts,     // "idmap": mounts with other owners (Linux 5.12); without, there are no user namespaces
};

bool is_disabled(Feature feature);

}  // namespace tc
