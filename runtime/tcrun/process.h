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
  // What getppid() said when the process began: if it says something else later, the monitor is gone.
  int parent;
};

// User and environment as they are inside.
struct Identity {
  User user;
  List<const char*> env;  // with HOME
};

// What needs the host's /proc or its privileges: limits, oom score, AppArmor, keyring. `host_proc`: a descriptor of /proc
// that no container can have mounted over.
Error prepare_process(const ProcessSpec& process, int host_proc);
// Looks the user up in "/", which is the container's by now.
Error resolve_identity(const ProcessPlan& plan, Arena& arena, Identity* identity);
// Makes it if missing, goes there and verifies that it is inside of "/".
Error enter_directory(const char* cwd);
// Makes pipes and terminals among the three standard descriptors the user's, who may then open /dev/stdout.
void give_stdio(uint32_t uid);
// Gives up everything that the plan does not grant, then executes. Returns only with the reason why that failed.
Error become(const ProcessPlan& plan, const Identity& identity);

// argv or environment as execve(2) wants it.
char** null_terminated(List<const char*> list, Arena& arena);

}  // namespace tc
