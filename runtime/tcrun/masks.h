// Masked and read-only paths of a container.
#pragma once
#include "spec.h"

namespace tc {

// Both skip what does not exist. Before the pivot, as sources are taken by descriptor.
Error mask_paths(List<const char*> paths, int root);
Error make_paths_readonly(List<const char*> paths, int root);

}  // namespace tc
