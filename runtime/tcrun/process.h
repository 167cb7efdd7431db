// The last steps of a process that was cloned for a container: from "inside its namespaces and root" to execve(2).
#pragma once
#include "spec.h"
#include "user.h"

namespace tc {

constexpr int kInitSync = 3;

struct ProcessPlan {
  List<const char*> args;
  List<const char*> env;
  const char* cwd;
  const char* user;  // or null
  List<const char*> group_add;
  const ProcessSpec* defaults;  // limits, umask, numbers of the user
  CapabilitySpec capabilities;
  bool no_new_privileges;
  SeccompFilter seccomp;
  // Descriptor of tcrun, to run as init with args as its child; -1: args themselves are executed. Init reports through
  // `sync`, which it finds at kInitSync, whether its child could be executed.
  int init_executable;
  int sync;
};

// What execve(2) is called with.
struct Execution {
  const char* path;
  char** args;
  char** env;
  int init_executable;  // as in the plan
};

// User and environment as they are inside.
struct Identity {
  User user;
  List<const char*> env;  // with HOME
};

// What needs the host's /proc or its privileges: limits, oom score, AppArmor, keyring. `host_proc`: a descriptor of
// /proc that no container can have mounted over.
Error prepare_process(const ProcessSpec& process, int host_proc);
// The one that `process` asks for, else 0: what is inherited protects the monitor.
Error write_oom_score(const ProcessSpec& process, int host_proc);
// A new session keyring, so that keys of whoever ran the CLI are out of reach.
Error join_keyring();
// Looks the user up in "/", which is the container's by now.
Error resolve_identity(const ProcessPlan& plan, Arena& arena, Identity* identity);
// Whether a working directory that is missing is made: where a container begins, not where a command joins it.
enum class Absent : uint8_t { Make, Fail };
// Goes there and verifies that it is inside of "/".
Error enter_directory(const char* cwd, Absent absent);
// Makes pipes and terminals among the three standard descriptors the user's, who may then open /dev/stdout.
void give_stdio(uint32_t uid);
// Gives up everything that the plan does not grant. Afterwards the process is no more powerful than what it will
// execute, and under the same seccomp filter.
Error give_up_privileges(const ProcessPlan& plan, const Identity& identity, Arena& arena, Execution* execution);
// Asks to die with the parent, which must still be `parent` (0: outside of this pid namespace). setresuid(2) and
// fork(2) undo it.
Error die_with_parent(int parent);
// Returns only with the reason why it failed.
Error execute(const Execution& execution);

}  // namespace tc
