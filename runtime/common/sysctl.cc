#include "sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "fd.h"

namespace tc {

Error write_sysctl(const char* value, const char* format, ...) {
  char path[128] = "/proc/sys/";
  constexpr size_t root = sizeof "/proc/sys/" - 1;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(path + root, sizeof path - root, format, arguments);
  va_end(arguments);
  Fd file(open(path, O_WRONLY | O_CLOEXEC));
  if (!file) return errno == ENOENT ? Error{} : fail("set sysctl", "open", path);
  return write(file.get(), value, strlen(value)) < 0 ? fail("set sysctl", "write", path) : Error{};
}

char read_sysctl(const char* path) {
  Fd file(open(path, O_RDONLY | O_CLOEXEC));
  char value = '\0';
  if (!file || read(file.get(), &value, 1) != 1) return '\0';
  return value;
}

}  // namespace tc
