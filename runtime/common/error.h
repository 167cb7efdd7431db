// How every native function fails: no exceptions, one value that says what, where and why.
#pragma once
#include <cerrno>
#include <cstdint>

namespace tc {

// `ok()` when errnum is 0. `step` and `syscall` are string literals; `path` and `detail` are copies, cut to fit.
struct Error {
  int errnum = 0;
  const char* step = "";
  const char* syscall = "";
  char path[256] = "";
  char detail[400] = "";  // what errno alone does not tell; often empty
  bool ok() const { return errnum == 0; }
  explicit operator bool() const { return errnum != 0; }
};

// An error from errno as it stands.
Error fail(const char* step, const char* syscall, const char* path = "");
// An error with an errno of the caller's choice.
Error fail_with(int errnum, const char* step, const char* syscall, const char* path = "");
// The same error with a sentence of explanation, cut to fit.
Error explain(Error error, const char* detail);
// "ENOENT", "EADDRINUSE", ...
const char* errno_name(int errnum);

}  // namespace tc
