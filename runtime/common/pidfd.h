// Process descriptors by raw system call: the header of glibc 2.36 lacks C linkage, older ones lack the functions.
#pragma once
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace tc {

// Close-on-exec; -1 with errno on failure.
inline int pidfd_open(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

inline int pidfd_send_signal(int process, int signal) {
  return static_cast<int>(syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0));
}

}  // namespace tc
