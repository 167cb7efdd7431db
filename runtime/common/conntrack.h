// Connection tracking entries that outlive what they were made for. TCP ends its own; UDP flows go on, to where they
// were sent first, for as long as somebody sends.
#pragma once
#include "firewall.h"

namespace tc {

// After a UDP group changed: forgets the flows to backends that left, and those that began when it had none.
Error forget_flows(NetlinkSocket& socket, const GroupChange& change);

}  // namespace tc
