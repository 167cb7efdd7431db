// What an entry of an archive says of a file beside its content.
#pragma once
#include <sys/stat.h>

#include <string>

#include "../common/error.h"
#include "tar_entry.h"

namespace tc {

Error set_xattrs(int fd, const TarEntry& entry);
timespec mtime_of(const TarEntry& entry);
// A link keeps its own.
Error set_time_at(int parent, const std::string& name, const TarEntry& entry);
// Whether something is mounted there, in whichever namespace `parent` is of.
bool is_mount_root(int parent, const std::string& name);

}  // namespace tc
