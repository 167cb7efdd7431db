// The mode of a tmpfs that says none.
#pragma once
#include "../common/arena.h"
#include "spec.h"

namespace tc {

// The options of `mount`, with the mode of the directory that it will cover, as runc does it: what was private stays so.
List<const char*> with_mode(const MountSpec& mount, List<const char*> options, int root, Arena& arena);

}  // namespace tc
