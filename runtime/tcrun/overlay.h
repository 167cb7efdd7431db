// The container's root file system: an overlay of the image's layers under the container's own upper layer.
#pragma once
#include "../common/fd.h"
#include "spec.h"

namespace tc {

// Mounts it on the directory `target` of the calling mount namespace; `root` is its root directory. Without `upper` it
// cannot be written to, and takes two layers at least.
Error mount_overlay(const RootSpec& spec, int target, const char* target_path, Fd* root);

}  // namespace tc
