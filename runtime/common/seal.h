// A read-only view of an executable. A container can reach the file that its init or an exec runs from through
// /proc/<pid>/exe; from the view it cannot be opened for writing, not even after the process ended (CVE-2019-5736). It
// also outlives an upgrade that replaces the file.
#pragma once
#include "error.h"
#include "fd.h"

namespace tc {

// A view that shares the page cache of the file at `path`. ENOSYS where that is not possible, or not wanted.
Error seal_by_mount(const char* path, Fd* sealed);
// Of this executable; a copy in memory where there is no other way.
Error seal_self(Fd* sealed);

}  // namespace tc
