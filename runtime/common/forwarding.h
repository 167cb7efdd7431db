// IP forwarding of the host: turned on if it was off, and then guarded, so that the host does not become a router for
// anybody but our networks. What was turned on is remembered by the guard itself, in a table that all instances share.
#pragma once
#include "netlink.h"

namespace tc {

// Guards, then turns on; nothing where it is on. `family` is AF_INET or AF_INET6.
Error enable_forwarding(NetlinkSocket& firewall, int family);
// Turns off what was turned on and removes the guard, unless a network of some instance is left.
Error release_forwarding(NetlinkSocket& firewall);

}  // namespace tc
