// Paths of a container, resolved inside its root: "..", absolute and magic links cannot lead out (openat2(2)
// RESOLVE_IN_ROOT), whatever the image or another container sharing a volume does meanwhile.
#pragma once
#include <sys/types.h>

#include "error.h"
#include "fd.h"

namespace tc {

// Opens `path` below `root`. `flags` as open(2); O_CLOEXEC is added.
Error open_in_root(int root, const char* path, int flags, Fd* fd);

enum class Missing : uint8_t { Directory, File };
// O_PATH descriptor of `path` below `root`; missing parents become directories (0755), a missing last component what
// `last` says. Everything made belongs to root.
Error create_in_root(int root, const char* path, Missing last, Fd* fd);

// Opens the parent of `path` (missing ones made) without following a symbolic link in any component; `name` points at
// the last component of `path`.
Error open_parent_without_links(int root, const char* path, Fd* parent, const char** name);

}  // namespace tc
