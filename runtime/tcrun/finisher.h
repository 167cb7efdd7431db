// A process that enters another container's pid namespace does so last, as a second process: whoever is in there could
// see the first and, with CAP_SYS_PTRACE, seize it while it still has privileges and descriptors of the host.
#pragma once
#include "../common/fd.h"
#include "process.h"

namespace tc {

// Only what the process needs crosses into the pid namespace: standard descriptors, the sync socket, its terminal.
// `terminal` is -1 without one; both get new numbers.
Error close_others(int* sync, int* terminal);

// Clones the second process for the monitor, `parent`, and passes it on. The caller has entered the pid namespace for
// its children, has no privileges any more, and ends next.
Error clone_finisher(int sync, int terminal, int parent, const Execution& execution);

}  // namespace tc
