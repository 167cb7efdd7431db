// Mount options as fstab and OCI spell them.
#pragma once
#include "../common/text.h"
#include "spec.h"

namespace tc {

struct MountOptions {
  bool is_bind = false;
  bool is_recursive_bind = false;
  bool is_mapped = false;        // "idmap": owners as the container's user namespace has them
  bool is_mapped_below = false;  // "ridmap": of the mounts below, too
  uint64_t set = 0;    // MOUNT_ATTR_* of this mount
  uint64_t clear = 0;
  uint64_t set_below = 0;    // the same for it and all mounts below ("rro", "rnosuid", ...)
  uint64_t clear_below = 0;
  uint64_t propagation = 0;  // MS_PRIVATE, ...; 0: private
  bool propagation_below = true;
  unsigned long superblock = 0;  // MS_RDONLY, MS_SYNCHRONOUS, ... for file systems
  List<const char*> data;        // what the file system itself understands
};

MountOptions parse_mount_options(const MountSpec& mount, Arena& arena);
// The MS_* flags for mount(2) that mean the same as MOUNT_ATTR_* in `attributes`.
unsigned long classic_flags(uint64_t attributes);
// Joins with commas.
void join_options(List<const char*> options, Text& out);

}  // namespace tc
