// Starting a container that has a user namespace of its own. Two processes do it: the builder, which keeps the host's
// privileges, puts the root together in the namespaces of the first process, which is confined from birth; it gives only
// /proc, as that shows the pid namespace of who makes it. The builder never executes anything.
#pragma once
#include "assemble.h"

namespace tc {

// Called by the builder, returns in the first process, whose root, standard files and namespaces are as they have to be.
// The builder itself ends once the monitor knows the other.
Error build_remapped(const StartContext& context, Fd* terminal);

}  // namespace tc
