// Forwarding rules of others: Docker and ufw drop in iptables' FORWARD chain what they do not know, and a drop there
// is final. Two rules per bridge, commented with our table's name, let our traffic pass; nothing else is touched.
#pragma once
#include "netlink.h"

namespace tc {

// Accepts the bridge in each `filter` table of iptables-nft that refuses anything.
Error admit_bridge(NetlinkSocket& socket, const char* table, const char* bridge);
// Takes the bridge's rules away again; null: those of all bridges of the table.
Error withdraw_bridge(NetlinkSocket& socket, const char* table, const char* bridge);

}  // namespace tc
