// Small files: bounded reads, whole writes, replacement that a reader never sees half done.
#pragma once
#include "arena.h"
#include "error.h"
#include "fd.h"

namespace tc {

struct Bytes {
  const char* data = nullptr;
  size_t length = 0;
};

// A regular file (or a kernel file: procfs, sysfs, cgroupfs) relative to `dir`, at most `limit` bytes (EFBIG).
// NUL-terminated.
Error read_file(int dir, const char* path, size_t limit, Arena& arena, Bytes* bytes);
// The same for a descriptor, from its current offset.
Error read_all(int fd, const char* name, size_t limit, Arena& arena, Bytes* bytes);
Error write_all(int fd, const char* name, const char* data, size_t length);
// One write(2) into an existing kernel file; never creates.
Error write_kernel_file(int dir, const char* path, const char* value);

enum class Durability : bool { None, Sync };
// Writes `<name>.tmp` below `dir` and renames it to `name`, mode 0600.
Error replace_file(int dir, const char* name, const char* data, size_t length, Durability durability);

}  // namespace tc
