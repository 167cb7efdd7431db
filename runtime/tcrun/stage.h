// Where another OCI runtime finds a container: a bundle on a tmpfs over the run directory, in a mount namespace that ends
// with the monitor, so that nothing of it outlives a crash. What this runtime takes by descriptor lies there by name:
//   config.json  rootfs/     the configuration, the overlay
//   sources/N                the source of mount N of the bundle's config.json, where it is a bind or an image
//   secrets/N    netns       secrets, the network namespace
//   init                     this executable, where the container has it as pid 1: a copy, which none can write through
//   state/       exec/       the runtime's own records; each command's mount point
//   pid  log  errors  console
// The configuration that names those paths is the bundle's runtime-config.json (src/runtime/foreign-config.ts).
#pragma once
#include "assemble.h"

namespace tc {

// For a process that is alone in its mount namespace. Afterwards "/proc" shows the pids of the calling process.
Error build_stage(const StartContext& context);
// Enters the stage, and its directory.
Error enter_stage(const Host& host, int stage);

}  // namespace tc
