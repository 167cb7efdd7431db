// The system calls that a container may make by default: Docker's list as facts. Source: moby/profiles,
// seccomp/default.json (2026). What is not listed fails with EPERM; calls newer than the list with ENOSYS.

export interface ArgumentTest {
  /** Which of the six arguments. */
  readonly index: number;
  readonly op: 'lt' | 'eq' | 'gt' | 'no-bits';
  /** `no-bits`: the mask of which no bit may be set. */
  readonly value: number;
}

export interface SyscallRule {
  /** Names separated by white space; those that an architecture lacks are passed over there. */
  readonly names: string;
  /** Absent: allowed. */
  readonly errno?: 'ENOSYS';
  readonly argument?: ArgumentTest;
  /** The container has this capability. */
  readonly having?: string;
  /** The container lacks this capability. */
  readonly lacking?: string;
}

const COMMON = `
  accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown clock_adjtime
  clock_getres clock_gettime clock_nanosleep close close_range connect copy_file_range creat dup dup2 dup3
  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old
  eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fallocate fanotify_mark
  fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fork
  fremovexattr fsetxattr fstat fstatfs fsync ftruncate futex futex_requeue futex_wait futex_waitv
  futex_wake futimesat getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer
  getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit
  get_robust_list getrusage getsid getsockname getsockopt get_thread_area gettid gettimeofday getuid
  getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel ioctl
  io_destroy io_getevents io_pgetevents ioprio_get ioprio_set io_setup io_submit kill landlock_add_rule
  landlock_create_ruleset landlock_restrict_self lchown lgetxattr link linkat listen listmount listxattr
  listxattrat llistxattr lremovexattr lseek lsetxattr lstat madvise map_shadow_stack membarrier
  memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mprotect
  mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink mremap mseal msgctl msgget msgrcv
  msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open openat openat2 pause
  pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll prctl pread64
  preadv preadv2 prlimit64 process_mrelease pselect6 pwrite64 pwritev pwritev2 read readahead readlink
  readlinkat readv recvfrom recvmmsg recvmsg remap_file_pages removexattr removexattrat rename renameat
  renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
  rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_getaffinity sched_getattr
  sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval
  sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl
  semget semop semtimedop sendfile sendmmsg sendmsg sendto setfsgid setfsuid setgid setgroups setitimer
  setpgid setpriority setregid setresgid setresuid setreuid setrlimit set_robust_list setsid setsockopt
  set_thread_area set_tid_address setuid setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack
  signalfd signalfd4 socketpair splice stat statfs statmount statx symlink symlinkat sync sync_file_range
  syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_settime
  timerfd_create timerfd_gettime timerfd_settime times tkill truncate umask uname unlink unlinkat uretprobe
  utime utimensat utimes vfork vmsplice wait4 waitid write writev
`;

/** Calls of 32-bit programs only: narrow time, ids and offsets, and what they replaced. */
const NARROW = `
  chown32 clock_adjtime64 clock_getres_time64 clock_gettime64 clock_nanosleep_time64 fadvise64_64 fchown32
  fcntl64 fstat64 fstatat64 fstatfs64 ftruncate64 futex_time64 getegid32 geteuid32 getgid32 getgroups32
  getresgid32 getresuid32 getuid32 io_pgetevents_time64 ipc lchown32 _llseek lstat64 mmap2
  mq_timedreceive_time64 mq_timedsend_time64 _newselect ppoll_time64 pselect6_time64 recvmmsg_time64
  rt_sigtimedwait_time64 sched_rr_get_interval_time64 semtimedop_time64 sendfile64 setfsgid32 setfsuid32
  setgid32 setgroups32 setregid32 setresgid32 setresuid32 setreuid32 setuid32 sigprocmask sigreturn
  socketcall stat64 statfs64 timer_gettime64 timer_settime64 timerfd_gettime64 timerfd_settime64 truncate64
  ugetrlimit utimensat_time64 waitpid
`;

/** Calls that exist on one architecture only. */
const PARTICULAR = 'arch_prctl modify_ldt sync_file_range2';

const ADMINISTRATION = `
  bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
  lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname
  sethostname setns syslog umount umount2 unshare
`;

const AF_ALG = 38;
const AF_NFC = 39;
const AF_VSOCK = 40;

/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}: new namespaces are for administrators. */
const NAMESPACE_FLAGS = 0x7e02_0000;

/** Linux, BSD, UNAME26 and both, and "tell only". Source: personality(2). */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/** All that apply hold at once; a call is allowed if any rule allows it. */
export const DEFAULT_PROFILE: readonly SyscallRule[] = [
  { names: COMMON },
  { names: NARROW },
  { names: PARTICULAR },
  { names: 'process_vm_readv process_vm_writev ptrace' },
  { names: 'socket', argument: { index: 0, op: 'lt', value: AF_ALG } },
  { names: 'socket', argument: { index: 0, op: 'eq', value: AF_NFC } },
  { names: 'socket', argument: { index: 0, op: 'gt', value: AF_VSOCK } },
  ...PERSONALITIES.map((value) => ({
    names: 'personality',
    argument: { index: 0, op: 'eq' as const, value },
  })),
  { names: 'clone', argument: { index: 0, op: 'no-bits', value: NAMESPACE_FLAGS }, lacking: 'CAP_SYS_ADMIN' },
  // Its flags are behind a pointer, where a filter cannot look: the C library then falls back to clone.
  { names: 'clone3', errno: 'ENOSYS', lacking: 'CAP_SYS_ADMIN' },
  { names: ADMINISTRATION, having: 'CAP_SYS_ADMIN' },
  { names: 'open_by_handle_at', having: 'CAP_DAC_READ_SEARCH' },
  { names: 'reboot', having: 'CAP_SYS_BOOT' },
  { names: 'chroot', having: 'CAP_SYS_CHROOT' },
  { names: 'delete_module init_module finit_module', having: 'CAP_SYS_MODULE' },
  { names: 'acct', having: 'CAP_SYS_PACCT' },
  { names: 'kcmp pidfd_getfd process_madvise', having: 'CAP_SYS_PTRACE' },
  { names: 'iopl ioperm', having: 'CAP_SYS_RAWIO' },
  { names: 'settimeofday stime clock_settime clock_settime64', having: 'CAP_SYS_TIME' },
  { names: 'vhangup', having: 'CAP_SYS_TTY_CONFIG' },
  { names: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node', having: 'CAP_SYS_NICE' },
  { names: 'syslog', having: 'CAP_SYSLOG' },
  { names: 'bpf', having: 'CAP_BPF' },
  { names: 'perf_event_open', having: 'CAP_PERFMON' },
];
