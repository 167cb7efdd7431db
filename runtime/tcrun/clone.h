// clone3(2) with what every child of the monitor needs.
#pragma once
#include "container.h"

namespace tc {

struct CloneRequest {
  uint64_t flags = 0;
  int into_cgroup = -1;  // directory of a v2 cgroup
};

// The directory to clone into, where there is one; without, a child enters its cgroups by itself.
void open_clone_target(const Host& host, Fd* cgroup);

// Returns 0 in the child, 1 in the monitor, where `child` has pid, pidfd, host pid and start time.
int clone_child(const Host& host, const CloneRequest& request, Child* child, Error* error);

// Fills in what a pidfd tells: pid as the monitor sees it, pid of the host, start time.
Error identify_child(const Host& host, Fd pidfd, Child* child);

// In the child: nothing blocked, and death with the monitor. Dispositions are the default ones already.
void begin_child();

}  // namespace tc
