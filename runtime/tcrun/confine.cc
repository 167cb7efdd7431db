#include "confine.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "../common/fd.h"

namespace tc {

namespace {

#if defined(__x86_64__)
constexpr uint32_t native_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t native_architecture = AUDIT_ARCH_AARCH64;
#else
#error "the list of system calls below was checked for x86_64 and aarch64 only"
#endif

// What the roles call themselves, and what glibc's allocator and directory streams need. No socket, no exec, no mount,
// no chdir, no ptrace, no new descriptors from elsewhere.
constexpr uint32_t allowed_calls[] = {
    SYS_read,       SYS_write,     SYS_pwrite64,   SYS_close,      SYS_lseek,      SYS_openat,     SYS_openat2,
    SYS_fstat,      SYS_statx,     SYS_newfstatat, SYS_mkdirat,   SYS_mknodat,    SYS_symlinkat,  SYS_linkat,     SYS_unlinkat,
    SYS_readlinkat, SYS_fchown,    SYS_fchownat,   SYS_fchmod,     SYS_fchmodat,   SYS_utimensat,  SYS_ftruncate,
    SYS_fsetxattr,  SYS_fgetxattr, SYS_flistxattr, SYS_getdents64, SYS_fcntl,     SYS_brk,        SYS_mmap,       SYS_munmap,     SYS_mremap,
    SYS_madvise,    SYS_exit,      SYS_exit_group, SYS_rt_sigreturn,
};
constexpr size_t allowed_count = sizeof allowed_calls / sizeof *allowed_calls;

constexpr uint64_t bit(int capability) { return uint64_t{1} << capability; }

// CAP_SYS_ADMIN is what writing trusted.overlay.opaque takes; the filter below leaves nothing else of it.
constexpr uint64_t file_capabilities = bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER) | bit(CAP_FSETID) |
                                       bit(CAP_MKNOD) | bit(CAP_SETFCAP) | bit(CAP_SYS_ADMIN);

// The working directory must be a mount to become a root, so a bind of it is laid over itself.
Error bind_over_itself(Fd* bound) {
  bound->reset(static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (!*bound) return fail("confine", "open_tree");
  if (syscall(SYS_move_mount, bound->get(), "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) == 0) return {};
  return fail("confine", "move_mount");
}

}  // namespace

Error enter_directory(int directory) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (prctl(PR_SET_DUMPABLE, 0) < 0) return fail("confine", "prctl");
  // The working directory moves along into the new namespace; descriptors stay in the old one.
  if (fchdir(directory) < 0) return fail("confine", "fchdir");
  if (unshare(CLONE_NEWNS) < 0) return fail("confine", "unshare");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return fail("confine", "mount");
  Fd bound;
  if (Error error = bind_over_itself(&bound)) return error;
  if (fchdir(bound.get()) < 0) return fail("confine", "fchdir");
  // The old root comes to lie over the new one, and goes from there (pivot_root(2), "pivot_root(".", ".")").
  if (syscall(SYS_pivot_root, ".", ".") < 0) return fail("confine", "pivot_root");
  if (umount2(".", MNT_DETACH) < 0) return fail("confine", "umount2");
  if (chdir("/") < 0) return fail("confine", "chdir");
  // The old descriptor still leads out of here by ".."; the new one takes its number.
  if (dup3(bound.get(), directory, O_CLOEXEC) < 0) return fail("confine", "dup3");
  return {};
}

Error keep_file_capabilities() {
  for (int capability = 0; capability <= CAP_LAST_CAP; capability++) {
    bool keep = file_capabilities & bit(capability);
    // EINVAL: the kernel is older than the headers.
    if (!keep && prctl(PR_CAPBSET_DROP, capability) < 0 && errno != EINVAL) return fail("confine", "prctl");
  }
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) < 0) return fail("confine", "capget");
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
    auto mask = static_cast<uint32_t>(file_capabilities >> (32 * word));
    data[word].permitted &= mask;
    data[word].effective = data[word].permitted;
    data[word].inheritable = 0;
  }
  if (syscall(SYS_capset, &header, data) < 0) return fail("confine", "capset");
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail("confine", "prctl") : Error{};
}

Error allow_file_calls_only() {
  constexpr uint32_t refuse = SECCOMP_RET_ERRNO | ENOSYS;
  sock_filter filter[allowed_count + 6];
  size_t length = 0;
  auto add = [&](sock_filter instruction) { filter[length++] = instruction; };
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, native_architecture, 1, 0));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (size_t i = 0; i < allowed_count; i++) {
    // Jumps to the last instruction, over those that are left and the refusal.
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed_calls[i], static_cast<uint8_t>(allowed_count - i), 0));
  }
  add(BPF_STMT(BPF_RET | BPF_K, refuse));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog program = {static_cast<unsigned short>(length), filter};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0) return fail("confine", "prctl");
  return {};
}

}  // namespace tc
