// Error: construction, and the names of errno values as the kernel's headers spell them.
#include "error.h"

#include <cstring>

namespace tc {

Error fail(const char* step, const char* syscall, const char* path) { return fail_with(errno, step, syscall, path); }

Error fail_with(int errnum, const char* step, const char* syscall, const char* path) {
  Error error;
  error.errnum = errnum;
  error.step = step;
  error.syscall = syscall;
  size_t length = strnlen(path, sizeof error.path - 1);
  memcpy(error.path, path, length);
  error.path[length] = '\0';
  return error;
}

const char* errno_name(int errnum) {
  const char* name = strerrorname_np(errnum);
  return name ? name : "EUNKNOWN";
}

}  // namespace tc
