// Starting a container's first process, and further ones inside of it.
#pragma once
#include "../common/fd.h"
#include "cgroup.h"
#include "peer.h"
#include "process.h"
#include "spec.h"

namespace tc {

// What the monitor holds for all processes it starts; descriptors are borrowed.
struct Host {
  const Spec* spec;
  int bundle;      // the bundle directory
  int executable;  // this executable, sealed
  int proc;        // the host's /proc
  int null;        // the host's /dev/null
  int secrets;     // the contents of the spec's secrets, -1: it has none
  int userns = -1;  // the user namespace of its processes, -1: the host's
  unsigned rows = 0;  // of the terminal that the container starts with
  unsigned columns = 0;
  // cgroup.kill was used and the cgroup is used on. Linux 6.14 and later then kill whatever is cloned into it from
  // outside: they compare the count of kills with that of the cloner's cgroup.
  bool cgroup_was_killed;
};

// A child of the monitor.
struct Child {
  pid_t pid = 0;     // as the monitor sees it
  int host_pid = 0;  // as the host's /proc does
  uint64_t start_time = 0;  // field 22 of /proc/<host_pid>/stat
  Fd pidfd;
  Fd input;   // writing end of its standard input, if that stays open
  Fd output;  // reading end of its standard output; of the terminal's master if it has one
  Fd errors;  // reading end of its standard error; none with a terminal
  Fd stage;   // mount namespace in which another runtime finds its bundle (stage.h); none without one
};

// A child that waits to be let go.
struct PendingChild {
  Child child;
  Fd sync;
};

// Clones the container's first process, which builds its root meanwhile. `netns`: its network namespace, -1: the
// host's. With a pid namespace to join it is a joiner that ends once it has cloned the first process into there.
Error begin_container(const Host& host, int netns, const JoinedNamespaces& joined, PendingChild* pending);
// Lets it execute and waits until it did. On failure it is dead but not reaped.
Error finish_container(const Host& host, PendingChild& pending, Child* child);

// A further process in the container that `container` is the first process of.
struct JoinRequest {
  List<const char*> args;
  List<const char*> env;
  const char* cwd;
  const char* user;   // null: the container's
  bool privileged;    // all the monitor's capabilities
  bool terminal;
  unsigned rows;
  unsigned columns;
  int stdio[3];       // borrowed; -1: /dev/null. Not used with a terminal.
};

// Joining takes two processes. The first, `joiner`, enters all namespaces but that of pids, where the container could
// see and (with CAP_SYS_PTRACE) seize it, and gives up its privileges there; only then it clones the second, which has
// nothing more to lose, into the pid namespace, as the monitor's child.
struct Joining {
  pid_t joiner = 0;  // until reaped
  Child child;       // `child.pid` is 0 until it exists; with a terminal, `child.output` is its master
  Fd sync;           // until it has executed or failed; to be watched for reading
};
// Returns at once. Nothing in the container, such as a passwd file on a file system that hangs, can hold the monitor
// up.
Error begin_join(const Host& host, const Child& container, const JoinRequest& request, Joining* joining);
enum class JoinState : uint8_t { Pending, Executed, Failed };
// Reads what there is of `joining.sync`; unless the state is Pending, that is of no more use.
JoinState advance_join(const Host& host, Joining& joining, Error* error);

// Field 22 of /proc/<pid>/stat, 0 if there is no such process.
uint64_t read_start_time(int proc, int pid);

}  // namespace tc
