// Pseudo-terminals in a container's own devpts.
#pragma once
#include "../common/error.h"
#include "../common/fd.h"

namespace tc {

struct Terminal {
  Fd master;
  Fd slave;
};

// Opens /dev/pts/ptmx below `root`. The other end comes from the master, never by path (CVE-2025-52565).
Error open_terminal(int root, unsigned rows, unsigned columns, Terminal* terminal);
void resize_terminal(int master, unsigned rows, unsigned columns);
// Makes it the controlling terminal of the calling session leader and its stdio.
Error adopt_terminal(int slave);

}  // namespace tc
