// Links, addresses and routes by rtnetlink. An Rtnl speaks to the network namespace it was opened in, also after its
// thread has left that namespace.
#pragma once
#include "child_link.h"
#include "error.h"
#include "inet_address.h"
#include "netlink.h"

namespace tc {

// Link group of every bridge that tcompose makes, in whatever instance ("tc"): how rules know them all.
constexpr uint32_t bridge_group = 0x7463;
// Link group of the host's ends on one bridge, so that one request removes them all.
constexpr uint32_t member_group(int bridge) { return 0x74000000u + static_cast<uint32_t>(bridge); }

struct MacAddress {
  uint8_t bytes[6];
};
bool parse_mac(const char* text, MacAddress* mac);

struct VethRequest {
  const char* host_name;
  const char* peer_name;
  MacAddress peer_mac;
  uint32_t mtu;
  int peer_netns;
  const char* bridge;
  // The bridge carries nothing between ports that are so.
  bool isolated;
};

struct ChildLinkRequest {
  ChildLink link;
  const char* name;
  MacAddress mac;  // an ipvlan has its parent's
  uint32_t mtu;
  int netns;
};

// What listing calls the visitor with; strings live until it returns.
struct LinkInfo {
  const char* name;
  int index;
  const char* kind;  // "bridge", "veth", ... or ""
  uint32_t group;
  bool up;
};

class Rtnl {
 public:
  Error open() { return socket_.open(NETLINK_ROUTE); }

  // Makes the bridge, or adopts one of this name that tcompose made; then sets MAC, MTU and state up.
  Error ensure_bridge(const char* name, const MacAddress& mac, uint32_t mtu, int* index);
  // One message makes the pair already wired: host end up in the bridge, other end inside the namespace.
  Error create_veth(const VethRequest& request);
  // Made inside the namespace; goes with it, or with its parent.
  Error create_child_link(const ChildLinkRequest& request);
  Error delete_link(const char* name);
  // The bridge and what is on it.
  Error delete_bridge(const char* name);
  // ENODEV if there is none.
  Error link_index(const char* name, int* index);
  Error set_up(int index);
  // Returns when the kernel has noticed that the link can carry traffic, or after a fraction of a second.
  Error await_operational(const char* name);
  // Tells the neighbours the link's addresses, if its arp_notify and ndisc_notify are set. `mac` is what it has.
  Error announce(const char* name, const MacAddress& mac);
  // Succeeds if the address or route is there already.
  Error ensure_address(int index, const InetAddress& address);
  Error ensure_default_route(int index, const InetAddress& gateway);

  template <typename Visit>
  Error list_links(Visit&& visit) {
    NetlinkBuffer buffer;
    begin_dump(buffer, Dump::Links);
    return socket_.query(buffer, "list links", [&](const nlmsghdr* message) {
      LinkInfo link;
      if (read_link(message, &link)) visit(link);
    });
  }
  // Visits the subnets of all addresses and of all routes but the default ones.
  template <typename Visit>
  Error list_subnets(Visit&& visit) {
    for (Dump what : {Dump::Addresses, Dump::Routes}) {
      NetlinkBuffer buffer;
      begin_dump(buffer, what);
      Error error = socket_.query(buffer, "list subnets", [&](const nlmsghdr* message) {
        InetAddress subnet;
        if (read_subnet(message, &subnet)) visit(subnet);
      });
      if (error) return error;
    }
    return {};
  }

 private:
  enum class Dump { Links, Addresses, Routes };
  static void begin_dump(NetlinkBuffer& buffer, Dump what);
  static bool read_link(const nlmsghdr* message, LinkInfo* link);
  static bool read_subnet(const nlmsghdr* message, InetAddress* subnet);
  Error find_bridge(const char* name, int* index);
  Error is_operational(const char* name, bool* yes);

  NetlinkSocket socket_;
};

}  // namespace tc
