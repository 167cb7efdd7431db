// System calls that the C library of Debian 12 (2.36) has no wrapper for.
#pragma once
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace tc {

inline int sys_openat2(int dir, const char* path, uint64_t flags, uint64_t resolve, uint64_t mode = 0) {
  open_how how{};
  how.flags = flags;
  how.mode = mode;
  how.resolve = resolve;
  return int(syscall(SYS_openat2, dir, path, &how, sizeof how));
}

inline int sys_clone3(clone_args* args) { return int(syscall(SYS_clone3, args, sizeof *args)); }

inline int sys_pivot_root(const char* new_root, const char* put_old) {
  return int(syscall(SYS_pivot_root, new_root, put_old));
}

inline int sys_execveat(int fd, char* const* argv, char* const* env) {
  constexpr int kEmptyPath = 0x1000;
  return int(syscall(SYS_execveat, fd, "", argv, env, kEmptyPath));
}

}  // namespace tc
