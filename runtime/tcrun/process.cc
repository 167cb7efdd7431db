// Process set-up.
#include "process.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <csignal>

#include "../common/file.h"
#include "../common/in_root.h"
#include "../common/kernel.h"
#include "../common/text.h"
#include "capabilities.h"

namespace tc {

namespace {

Error set_limit(const RlimitSpec& limit) {
  rlimit value{limit.soft, limit.hard};
  if (setrlimit(__rlimit_resource_t(limit.resource), &value) == 0) return {};
  Error error = fail("rlimit", "setrlimit", limit.name);
  if (error.errnum != EPERM) return error;
  return explain(error, "raising a hard limit needs CAP_SYS_RESOURCE, which this host does not give to root");
}

Error set_apparmor(int host_proc, const char* profile) {
  FixedText<512> text;
  text.add("exec ").add(profile);
  Error error = write_kernel_file(host_proc, "self/attr/apparmor/exec", text.c_str());
  if (error.errnum == ENOENT) error = write_kernel_file(host_proc, "self/attr/exec", text.c_str());
  error.step = "apparmor";
  return error;
}

Error load_filter(const SeccompFilter& seccomp) {
  if (seccomp.instructions == 0) return {};
  auto* filter = reinterpret_cast<sock_filter*>(const_cast<uint8_t*>(seccomp.program));
  sock_fprog program{seccomp.instructions, filter};
  // The flags are younger than filters (SPEC_ALLOW: Linux 4.17), and no filter depends on them.
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, seccomp.flags, &program) == 0) return {};
  if (errno == EINVAL && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return {};
  return fail("seccomp", "seccomp");
}

const char* find_variable(List<const char*> env, const char* name) {
  size_t length = strlen(name);
  for (const char* entry : env) {
    if (strncmp(entry, name, length) == 0 && entry[length] == '=') return entry + length + 1;
  }
  return nullptr;
}

List<const char*> with_home(List<const char*> env, const char* home, Arena& arena) {
  const char* present = find_variable(env, "HOME");
  if (present && *present) return env;
  const char** items = arena.make<const char*>(env.count + 1);
  size_t count = 0;
  for (const char* entry : env) {
    if (strncmp(entry, "HOME=", 5) != 0) items[count++] = entry;
  }
  Path variable;
  variable.add("HOME=").add(home ? home : "/");
  items[count++] = arena.copy(variable.c_str());
  return {items, count};
}

// As the process's user: the answer is whether that one may execute it.
Error find_executable(const char* name, List<const char*> env, Arena& arena, const char** path) {
  *path = name;
  if (strchr(name, '/')) return {};
  const char* search = find_variable(env, "PATH");
  if (!search) search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (const char* at = search; *name;) {
    size_t length = strcspn(at, ":");
    Path candidate;
    candidate.add(length ? at : ".", length ? length : 1).add('/').add(name);
    struct stat st {};
    bool is_file = !candidate.overflowed() && stat(candidate.c_str(), &st) == 0 && S_ISREG(st.st_mode);
    if (is_file && faccessat(AT_FDCWD, candidate.c_str(), X_OK, AT_EACCESS) == 0) {
      *path = arena.copy(candidate.c_str());
      return {};
    }
    if (!at[length]) break;
    at += length + 1;
  }
  return explain(fail_with(ENOENT, "exec", "execve", name), "executable file not found in $PATH");
}

Error set_identity(const ProcessPlan& plan, const User& user) {
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail("user", "prctl");
  if (syscall(SYS_setgroups, user.groups.count, user.groups.items) != 0) return fail("user", "setgroups");
  if (syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0) return fail("user", "setresgid");
  if (syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) return fail("user", "setresuid");
  umask(mode_t(plan.defaults->umask >= 0 ? plan.defaults->umask : 022));
  return {};
}

// Without no_new_privs loading the filter needs CAP_SYS_ADMIN, so it goes in before the final capset: setresuid(2) with
// PR_SET_KEEPCAPS left the capability permitted. With no_new_privs it goes in last.
Error restrict(const ProcessPlan& plan) {
  CapabilitySet held = 0;
  Error error;
  if (plan.no_new_privileges) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail("capabilities", "prctl");
  } else if (plan.seccomp.instructions) {
    error = read_permitted(&held);
    if (error.ok()) error = set_capabilities(held, held, 0);
    if (error.ok()) error = load_filter(plan.seccomp);
    if (error) return error;
  }
  const CapabilitySpec& caps = plan.capabilities;
  error = set_capabilities(caps.permitted, caps.effective, caps.inheritable);
  if (error.ok()) error = set_ambient(caps.ambient);
  if (error.ok() && plan.no_new_privileges) error = load_filter(plan.seccomp);
  return error;
}

Error explain_exec(Error error, const char* path) {
  struct stat st {};
  if (stat(path, &st) != 0) return error;
  if (error.errnum == ENOENT) return explain(error, "its interpreter is missing in the image");
  if (error.errnum == EACCES && S_ISDIR(st.st_mode)) return explain(error, "is a directory");
  return error;
}

// argv or environment as execve(2) wants it, with room for `leading` entries in front.
char** null_terminated(List<const char*> list, size_t leading, Arena& arena) {
  char** result = arena.make<char*>(leading + list.count + 1);
  for (size_t i = 0; i < list.count; i++) result[leading + i] = const_cast<char*>(list[i]);
  return result;
}

// `tcrun init <path> <args...>`, which reports through a descriptor that survives this one execve.
Error prepare_init(const ProcessPlan& plan, Arena& arena, Execution* execution) {
  if (plan.sync != kInitSync && dup2(plan.sync, kInitSync) < 0) return fail("exec", "dup2", "init");
  if (fcntl(kInitSync, F_SETFD, 0) != 0) return fail("exec", "fcntl", "init");
  execution->args = null_terminated(plan.args, 3, arena);
  const char* words[] = {"tcrun", "init", execution->path};
  for (int i = 0; i < 3; i++) execution->args[i] = const_cast<char*>(words[i]);
  return {};
}

}  // namespace

Error write_oom_score(const ProcessSpec& process, int host_proc) {
  FixedText<16> text;
  text.number(process.has_oom_score_adj ? process.oom_score_adj : 0);
  Error error = write_kernel_file(host_proc, "self/oom_score_adj", text.c_str());
  error.step = "oom_score_adj";
  bool is_refused = error.errnum == EACCES || error.errnum == EPERM;
  if (!is_refused) return error;
  // Whoever called had a higher one, and nobody asked for less.
  if (!process.has_oom_score_adj) return {};
  return explain(error, "lowering it needs CAP_SYS_RESOURCE, which this host does not give to root");
}

Error prepare_process(const ProcessSpec& process, int host_proc) {
  for (const RlimitSpec& limit : process.rlimits) {
    Error error = set_limit(limit);
    if (error) return error;
  }
  Error error = write_oom_score(process, host_proc);
  if (error.ok() && process.apparmor_profile) error = set_apparmor(host_proc, process.apparmor_profile);
  return error ? error : join_keyring();
}

// Kernels without keyrings have none to leak.
Error join_keyring() {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS && errno != EPERM) {
    return fail("keyring", "keyctl");
  }
  return {};
}

Error resolve_identity(const ProcessPlan& plan, Arena& arena, Identity* identity) {
  Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail("user", "open", "/");
  Error error = resolve_user(root.get(), plan.user, *plan.defaults, plan.group_add, arena, &identity->user);
  if (error) return error;
  identity->env = with_home(plan.env, identity->user.home, arena);
  return {};
}

// A working directory outside of the root would be a way out (CVE-2024-21626): no magic links on the way there, and the
// kernel's own idea of where we are must be a path below "/".
Error enter_directory(const char* cwd, Absent absent) {
  Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  Fd directory;
  if (!root) return fail("cwd", "open", "/");
  Error error = absent == Absent::Make ? create_in_root(root.get(), cwd, Missing::Directory, &directory)
                                       : open_in_root(root.get(), cwd, O_PATH | O_DIRECTORY, &directory);
  error.step = "cwd";
  if (error) return error;
  if (fchdir(directory.get()) != 0) return fail("cwd", "fchdir", cwd);
  char where[4096];
  long length = syscall(SYS_getcwd, where, sizeof where);
  if (length < 0) return fail("cwd", "getcwd", cwd);
  if (where[0] != '/') return fail_with(ENOENT, "cwd", "getcwd", cwd);
  return {};
}

void give_stdio(uint32_t uid) {
  for (int fd = 0; fd < 3; fd++) {
    struct stat st {};
    if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || isatty(fd))) (void)!fchown(fd, uid, gid_t(-1));
  }
}

Error give_up_privileges(const ProcessPlan& plan, const Identity& identity, Arena& arena, Execution* execution) {
  Error error = limit_bounding_set(plan.capabilities.bounding);
  if (error.ok()) error = set_identity(plan, identity.user);
  if (error.ok()) error = find_executable(plan.args[0], identity.env, arena, &execution->path);
  if (error) return error;
  execution->env = null_terminated(identity.env, 0, arena);
  execution->args = null_terminated(plan.args, 0, arena);
  execution->init_executable = plan.init_executable;
  if (plan.init_executable >= 0) error = prepare_init(plan, arena, execution);
  return error ? error : restrict(plan);
}

Error die_with_parent(int parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return fail("start", "prctl");
  int now = getppid();
  return now == parent || now == 0 ? Error{} : fail_with(ESRCH, "start", "getppid");
}

Error execute(const Execution& execution) {
  if (execution.init_executable >= 0) {
    sys_execveat(execution.init_executable, execution.args, execution.env);
    return fail("exec", "execveat", "init");
  }
  execve(execution.path, execution.args, execution.env);
  return explain_exec(fail("exec", "execve", execution.path), execution.path);
}

}  // namespace tc
