// /sys/fs/cgroup inside the container, seen from its own cgroup namespace.
#pragma once
#include "mount_options.h"

namespace tc {

// v2: the unified hierarchy. v1 and hybrid: a tmpfs with one mount per v1 hierarchy.
Error mount_cgroups(const MountOptions& options, int root, int target, const char* path);

}  // namespace tc
