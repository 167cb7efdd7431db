// Namespaces of other containers, asked of the monitors that own them.
#pragma once
#include "../common/error.h"
#include "../common/fd.h"
#include "spec.h"

namespace tc {

// The network namespace that the monitor at `control` holds.
Error fetch_netns(const char* control, Fd* netns);

// Of containers that this one joins; empty where it joins none.
struct JoinedNamespaces {
  Fd pid;
  Fd ipc;
  Fd uts;
  // Mount namespaces of the containers that lend mounts.
  Fd pid_lender;
  Fd ipc_lender;
};

// Those of the other containers' first processes as they are now.
Error fetch_namespaces(List<JoinSpec> joins, JoinedNamespaces* joined);

}  // namespace tc
