// File reading, writing, replacing and removing.
#include "file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>

#include "text.h"

namespace tc {

Error read_all(int fd, const char* name, size_t limit, Arena& arena, Bytes* bytes) {
  struct stat st {};
  if (fstat(fd, &st) != 0) return fail("read", "fstat", name);
  if (st.st_size > 0 && size_t(st.st_size) > limit) return fail_with(EFBIG, "read", "fstat", name);
  // Kernel files report 0 or a page; whatever is reported, reading goes on to the end.
  size_t capacity = st.st_size > 0 ? size_t(st.st_size) + 1 : 4096;
  char* data = arena.make<char>(capacity);
  size_t length = 0;
  for (;;) {
    if (length + 1 >= capacity) {
      char* bigger = arena.make<char>(capacity * 2);
      memcpy(bigger, data, length);
      data = bigger;
      capacity *= 2;
    }
    ssize_t got = read(fd, data + length, capacity - 1 - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("read", "read", name);
    if (got == 0) break;
    length += size_t(got);
    if (length > limit) return fail_with(EFBIG, "read", "read", name);
  }
  data[length] = '\0';
  *bytes = {data, length};
  return {};
}

Error read_file(int dir, const char* path, size_t limit, Arena& arena, Bytes* bytes) {
  Fd fd(openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return fail("read", "open", path);
  struct stat st {};
  if (fstat(fd.get(), &st) != 0) return fail("read", "fstat", path);
  if (!S_ISREG(st.st_mode)) return fail_with(EINVAL, "read", "fstat", path);
  return read_all(fd.get(), path, limit, arena, bytes);
}

Error write_all(int fd, const char* name, const char* data, size_t length) {
  while (length) {
    ssize_t put = write(fd, data, length);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail("write", "write", name);
    data += put;
    length -= size_t(put);
  }
  return {};
}

Error write_kernel_file(int dir, const char* path, const char* value) {
  Fd fd(openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return fail("write", "open", path);
  ssize_t put;
  do {
    put = write(fd.get(), value, strlen(value));
  } while (put < 0 && errno == EINTR);
  return put < 0 ? fail("write", "write", path) : Error{};
}

Error replace_file(int dir, const char* name, const char* data, size_t length, Durability durability) {
  FixedText<128> temporary;
  temporary.add(name).add(".tmp");
  Fd fd(openat(dir, temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail("write", "open", temporary.c_str());
  Error error = write_all(fd.get(), temporary.c_str(), data, length);
  if (error.ok() && durability == Durability::Sync && fdatasync(fd.get()) != 0) {
    error = fail("write", "fdatasync", temporary.c_str());
  }
  if (error.ok() && renameat(dir, temporary.c_str(), dir, name) != 0) error = fail("write", "rename", name);
  if (error) {
    unlinkat(dir, temporary.c_str(), 0);
    return error;
  }
  if (durability == Durability::Sync && fsync(dir) != 0) return fail("write", "fsync", name);
  return {};
}

}  // namespace tc
