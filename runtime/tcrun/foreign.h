// Containers that another OCI runtime makes. The monitor stays the parent of their first process and does all else.
#pragma once
#include "assemble.h"
#include "verb.h"

namespace tc {

// The child that begins in a mount namespace of its own: builds the stage, has the runtime create the container, waits for
// the monitor, has it started, and hands the first process over. Returns only with an error.
Error run_foreign(const StartContext& context);
// Has the runtime forget a container whose first process is no more. What it answers changes nothing: the stage goes.
void remove_foreign(const Host& host, Child& container);
// Has the runtime pass a signal on, and does not wait for it.
void signal_foreign(const Host& host, const Child& container, int signal);
// A joiner's work where nobody can enter the container: the runtime executes the command. Returns only with an error.
Error run_foreign_exec(const Host& host, const Child& container, const JoinRequest& request, int sync);

}  // namespace tc
