// How the network child gives up everything it does not need.
#pragma once
#include <cstddef>

#include "../common/error.h"

namespace tc {

// Closes every descriptor but 0 to 2 and those given.
Error close_all_but(const int* kept, size_t count);

// Lowers RLIMIT_NOFILE to what a busy relay needs and returns what is left of it.
size_t limit_descriptors();

// Empty root, no capabilities, a uid of its own, no new privileges, a short list of system calls. For good.
Error enter_sandbox();

}  // namespace tc
