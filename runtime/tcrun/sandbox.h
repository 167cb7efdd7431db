// How the network child gives up everything it does not need.
#pragma once
#include <cstddef>

#include "../common/error.h"
#include "../common/fd.h"

namespace tc {

// Before: opens a directory of ours for somebody without privileges, who can look up files in it, and get nowhere else
// from it, not by ".." either.
Error open_for_child(const char* directory, Fd* result);

// Closes every descriptor but 0 to 2 and those given.
Error close_all_but(const int* kept, size_t count);

// Lowers RLIMIT_NOFILE to what a busy relay needs and returns what is left of it.
size_t limit_descriptors();

// A file system of its own without a single file, mounted nowhere.
Error make_empty_root(Fd* root);

// `root` as root, no capabilities, a uid of its own, no new privileges, a short list of system calls. For good.
Error enter_sandbox(int root);

}  // namespace tc
