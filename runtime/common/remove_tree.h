// Removes a file or a whole directory by descriptors, so that no symlink is followed on the way.
#pragma once
#include "error.h"

namespace tc {

// A name that does not exist is removed already.
Error remove_tree(int parent, const char* name);

}  // namespace tc
