// Connection tracking entries that outlive what they were made for. TCP ends its own; UDP flows go on, to where they
// were sent first, for as long as somebody sends.
#pragma once
#include "firewall.h"

namespace tc {

// After groups changed: forgets the UDP flows to backends that left, and those that began when there was none. One walk
// through the kernel's table per family, some milliseconds, and none where no UDP group changed.
Error forget_flows(NetlinkSocket& socket, const GroupChange* changes, size_t count);

}  // namespace tc
