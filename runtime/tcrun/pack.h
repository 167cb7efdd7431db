// The tar of a tree, for the roles that write one.
#pragma once
#include <cstdint>
#include <string>

#include "../common/error.h"

namespace tc {

// A descriptor for each level of a tree that may be nested as deep as its owner liked.
void allow_many_descriptors();
// To standard output: `name` in `parent` and all below it, under the name `as`; with `.`, only what is below it.
Error pack_below(int parent, const std::string& name, const std::string& as, uint64_t* entries);

}  // namespace tc
