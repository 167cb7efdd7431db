// Error: construction, and the names of errno values as the kernel's headers spell them.
#include "error.h"

#include <cstring>

namespace tc {

namespace {
template <size_t N>
void copy_cut(char (&to)[N], const char* from) {
  size_t length = strnlen(from, N - 1);
  memcpy(to, from, length);
  to[length] = '\0';
}
}  // namespace

Error fail(const char* step, const char* syscall, const char* path) { return fail_with(errno, step, syscall, path); }

Error fail_with(int errnum, const char* step, const char* syscall, const char* path) {
  Error error;
  error.errnum = errnum;
  error.step = step;
  error.syscall = syscall;
  copy_cut(error.path, path);
  return error;
}

Error explain(Error error, const char* detail) {
  copy_cut(error.detail, detail);
  return error;
}

const char* errno_name(int errnum) {
  const char* name = strerrorname_np(errnum);
  return name ? name : "EUNKNOWN";
}

}  // namespace tc
