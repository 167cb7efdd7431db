// A read-only view of this executable. A container can reach the file that its init or an exec runs from through
// /proc/<pid>/exe; from the view it cannot be opened for writing, not even after the process ended (CVE-2019-5736). It
// also outlives an upgrade that replaces the file.
#pragma once
#include "../common/error.h"
#include "../common/fd.h"

namespace tc {

Error seal_self(Fd* sealed);

}  // namespace tc
