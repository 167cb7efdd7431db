// An overlay whose layers are seen as a user namespace maps their owners. The overlay itself is the host's: it keeps its
// marks in trusted attributes, which nobody in the namespace can write.
#pragma once
#include "../common/fd.h"
#include "spec.h"

namespace tc {

// As mount_overlay(). On `scratch` a file system is mounted that holds the mapped layers; it may go afterwards.
Error mount_mapped_overlay(const RootSpec& spec, int userns, const char* scratch, int target, const char* target_path,
                           Fd* root);

}  // namespace tc
