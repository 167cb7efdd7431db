// In this order, since each step needs what a later one takes away: root, limits, groups, uid, capabilities, seccomp.
#include "sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "../common/fd.h"

namespace tc {

namespace {

constexpr char step[] = "strip network child";
// A range that no distribution assigns (systemd, UIDS-GIDS): nobody else runs with such a uid, nor another child.
constexpr uid_t first_uid = 0x70000000;
constexpr uid_t uid_mask = 0x0ffeffff;
constexpr rlim_t max_descriptors = 16384;

#if defined(__x86_64__)
constexpr uint32_t own_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t own_architecture = AUDIT_ARCH_AARCH64;
#endif

constexpr uint32_t allowed_calls[] = {
    SYS_accept4,     SYS_clock_gettime, SYS_close,       SYS_connect,    SYS_epoll_ctl,       SYS_epoll_pwait,
    SYS_exit_group,  SYS_fstat,         SYS_getrandom,   SYS_getsockopt, SYS_madvise,         SYS_munmap,
    SYS_newfstatat,  SYS_pipe2,         SYS_pread64,     SYS_recvfrom,   SYS_recvmsg,         SYS_restart_syscall,
    SYS_sendmsg,     SYS_sendto,        SYS_setsockopt,  SYS_shutdown,   SYS_splice,          SYS_write,
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
};

// A call allowed only if one of its arguments is, after masking, one of two values.
struct ArgumentRule {
  uint32_t call;
  uint32_t argument;
  uint32_t mask;
  uint32_t values[2];
};

constexpr ArgumentRule argument_rules[] = {
    {SYS_socket, 0, ~0u, {AF_INET, AF_INET6}},
    // For reading only; the directories it holds are cut off from the rest of the file system.
    {SYS_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, {O_RDONLY, O_RDONLY}},
    {SYS_mmap, 2, ~0u, {PROT_READ, PROT_READ | PROT_WRITE}},
};

constexpr uint32_t argument_offset(uint32_t argument) {
  return static_cast<uint32_t>(offsetof(seccomp_data, args)) + argument * 8;
}

struct Program {
  static constexpr size_t capacity = 8 + 2 * sizeof allowed_calls / sizeof *allowed_calls +
                                     8 * sizeof argument_rules / sizeof *argument_rules;
  sock_filter code[capacity];
  unsigned short size = 0;

  void add(sock_filter instruction) { code[size++] = instruction; }
  void load(uint32_t offset) { add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)); }
  void verdict(uint32_t action) { add(BPF_STMT(BPF_RET | BPF_K, action)); }
  void unless_equal_skip(uint32_t value, uint8_t skip) { add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)); }
};

Program build_filter() {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own_architecture, 1, 0));
  program.verdict(SECCOMP_RET_KILL_PROCESS);
  program.load(offsetof(seccomp_data, nr));
  for (uint32_t call : allowed_calls) {
    program.unless_equal_skip(call, 1);
    program.verdict(SECCOMP_RET_ALLOW);
  }
  for (const ArgumentRule& rule : argument_rules) {
    program.unless_equal_skip(rule.call, 6);
    program.load(argument_offset(rule.argument));
    program.add(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule.mask));
    program.add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule.values[0], 1, 0));
    program.unless_equal_skip(rule.values[1], 1);
    program.verdict(SECCOMP_RET_ALLOW);
    program.verdict(SECCOMP_RET_KILL_PROCESS);
  }
  program.verdict(SECCOMP_RET_KILL_PROCESS);
  return program;
}

Error install_filter() {
  Program program = build_filter();
  sock_fprog filter = {program.size, program.code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return fail(step, "prctl(NO_NEW_PRIVS)");
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) ? fail(step, "prctl(SECCOMP)") : Error{};
}

Error drop_bounding_set() {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability)) return fail(step, "prctl(CAPBSET_DROP)");
  }
  return {};
}

Error drop_capabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &header, none) ? fail(step, "capset") : Error{};
}

Error become_nobody_else() {
  uid_t uid;
  if (getrandom(&uid, sizeof uid, 0) != sizeof uid) return fail(step, "getrandom");
  uid = first_uid + (uid & uid_mask);
  if (setgroups(0, nullptr)) return fail(step, "setgroups");
  if (setresgid(uid, uid, uid)) return fail(step, "setresgid");
  return setresuid(uid, uid, uid) ? fail(step, "setresuid") : Error{};
}

Error set_limits() {
  constexpr int forbidden[] = {RLIMIT_NPROC, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE};
  rlimit none = {0, 0};
  for (int resource : forbidden) {
    if (setrlimit(static_cast<__rlimit_resource>(resource), &none)) return fail(step, "setrlimit");
  }
  return {};
}

}  // namespace

Error make_empty_root(Fd* root) {
  Fd context(static_cast<int>(syscall(SYS_fsopen, "ramfs", FSOPEN_CLOEXEC)));
  if (!context) return fail(step, "fsopen");
  if (syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0)) return fail(step, "fsconfig");
  unsigned attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  root->reset(static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, attributes)));
  return *root ? Error{} : fail(step, "fsmount");
}

Error open_for_child(const char* directory, Fd* result) {
  // A mount of the directory alone, attached nowhere: there is nothing above it.
  long tree = syscall(SYS_open_tree, AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) return fail(step, "open_tree", directory);
  result->reset(static_cast<int>(tree));
  // The directories above it keep everybody else out.
  if (chmod(directory, 0711)) return fail(step, "chmod", directory);
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (syscall(SYS_mount_setattr, result->get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0) return {};
  // Before Linux 5.12 it stays writable, for a user who may write nothing in it.
  return errno == ENOSYS ? Error{} : fail(step, "mount_setattr", directory);
}

Error close_all_but(const int* kept, size_t count) {
  unsigned first = 3;
  for (;;) {
    unsigned next = ~0u;
    for (size_t i = 0; i < count; i++) {
      auto fd = static_cast<unsigned>(kept[i]);
      if (kept[i] >= 0 && fd >= first && fd < next) next = fd;
    }
    if (next > first && syscall(SYS_close_range, first, next - 1, 0)) return fail(step, "close_range");
    if (next == ~0u) return {};
    first = next + 1;
  }
}

size_t limit_descriptors() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return 256;
  if (limit.rlim_max > max_descriptors) limit.rlim_max = max_descriptors;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

Error enter_sandbox(int root) {
  if (fchdir(root)) return fail(step, "fchdir");
  if (chroot(".")) return fail(step, "chroot");
  if (Error error = set_limits()) return error;
  // Needs a capability itself, so it goes before the uid.
  if (Error error = drop_bounding_set()) return error;
  if (Error error = become_nobody_else()) return error;
  if (Error error = drop_capabilities()) return error;
  // Changing the uid cleared both.
  if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL)) return fail(step, "prctl");
  return install_filter();
}

}  // namespace tc
