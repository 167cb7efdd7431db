// rtnetlink messages: bridges, veth pairs, addresses, routes.
#include "rtnl.h"

#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace tc {

namespace {

// RFC 2863's "up": linux/if.h, which does not go together with net/if.h.
constexpr uint8_t operational = 6;

ifinfomsg link_header(int index = 0, unsigned flags = 0, unsigned change = 0) {
  ifinfomsg header = {};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = index;
  header.ifi_flags = flags;
  header.ifi_change = change;
  return header;
}

// One queue each way: a veth has no queueing of its own, and the kernel would make one queue per possible CPU.
void put_single_queue(NetlinkBuffer& buffer) {
  buffer.put_u32(IFLA_NUM_TX_QUEUES, 1);
  buffer.put_u32(IFLA_NUM_RX_QUEUES, 1);
}

void put_veth_peer(NetlinkBuffer& buffer, const VethRequest& request) {
  Nest peer(buffer, VETH_INFO_PEER);
  ifinfomsg header = link_header();
  buffer.put_raw(&header, sizeof header);
  buffer.put_string(IFLA_IFNAME, request.peer_name);
  buffer.put(IFLA_ADDRESS, request.peer_mac.bytes, sizeof request.peer_mac.bytes);
  buffer.put_u32(IFLA_MTU, request.mtu);
  buffer.put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(request.peer_netns));
  put_single_queue(buffer);
}

bool fits_interface_name(const char* name) { return *name && strlen(name) < IFNAMSIZ; }

}  // namespace

bool parse_mac(const char* text, MacAddress* mac) {
  int end = 0;
  uint8_t* b = mac->bytes;
  return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) == 6 &&
         end == 17 && !text[17];
}

Error Rtnl::find_bridge(const char* name, int* index) {
  NetlinkBuffer buffer;
  buffer.begin(RTM_GETLINK, 0, link_header());
  buffer.put_string(IFLA_IFNAME, name);
  bool ours = false;
  Error error = socket_.query(buffer, "create bridge", [&](const nlmsghdr* message) {
    LinkInfo link;
    if (!read_link(message, &link)) return;
    *index = link.index;
    ours = strcmp(link.kind, "bridge") == 0 && link.group == bridge_group;
  });
  if (error) return error;
  return ours ? Error{} : fail_with(EEXIST, "create bridge", "RTM_NEWLINK", name);
}

Error Rtnl::ensure_bridge(const char* name, const MacAddress& mac, uint32_t mtu, int* index) {
  if (!fits_interface_name(name)) return fail_with(EINVAL, "create bridge", "RTM_NEWLINK", name);
  NetlinkBuffer buffer;
  buffer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_header());
  buffer.put_string(IFLA_IFNAME, name);
  buffer.put_u32(IFLA_GROUP, bridge_group);
  {
    Nest info(buffer, IFLA_LINKINFO);
    buffer.put_string(IFLA_INFO_KIND, "bridge");
  }
  Error error = socket_.request(buffer, "create bridge");
  if (error && error.errnum != EEXIST) return fail_with(error.errnum, "create bridge", "RTM_NEWLINK", name);
  if (Error missing = find_bridge(name, index)) return missing;

  // Up only after the IPv6 sysctls are written by the caller: a bridge that never is up has no link-local address.
  buffer.clear();
  buffer.begin(RTM_SETLINK, 0, link_header(*index));
  buffer.put(IFLA_ADDRESS, mac.bytes, sizeof mac.bytes);
  buffer.put_u32(IFLA_MTU, mtu);
  error = socket_.request(buffer, "create bridge");
  return error ? fail_with(error.errnum, "create bridge", "RTM_SETLINK", name) : Error{};
}

Error Rtnl::create_veth(const VethRequest& request) {
  if (!fits_interface_name(request.host_name) || !fits_interface_name(request.peer_name)) {
    return fail_with(EINVAL, "create veth", "RTM_NEWLINK", request.host_name);
  }
  int bridge;
  if (Error error = find_bridge(request.bridge, &bridge)) {
    return fail_with(error.errnum, "create veth", "RTM_GETLINK", request.bridge);
  }
  NetlinkBuffer buffer;
  buffer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_header(0, IFF_UP, IFF_UP));
  buffer.put_string(IFLA_IFNAME, request.host_name);
  buffer.put_u32(IFLA_MTU, request.mtu);
  buffer.put_u32(IFLA_MASTER, static_cast<uint32_t>(bridge));
  buffer.put_u32(IFLA_GROUP, member_group(bridge));
  put_single_queue(buffer);
  {
    Nest info(buffer, IFLA_LINKINFO);
    buffer.put_string(IFLA_INFO_KIND, "veth");
    Nest data(buffer, IFLA_INFO_DATA);
    put_veth_peer(buffer, request);
  }
  // A container that reaches itself through its own published port: where bridged traffic passes the IP hooks
  // (br_netfilter), the kernel turns such a packet round inside the bridge, out of the port it came from.
  buffer.begin(RTM_NEWLINK, 0, link_header());
  buffer.put_string(IFLA_IFNAME, request.host_name);
  {
    Nest info(buffer, IFLA_LINKINFO);
    buffer.put_string(IFLA_INFO_SLAVE_KIND, "bridge");
    Nest data(buffer, IFLA_INFO_SLAVE_DATA);
    buffer.put_u8(IFLA_BRPORT_MODE, 1);
    buffer.put_u8(IFLA_BRPORT_ISOLATED, request.isolated);
  }
  Error error = socket_.request(buffer, "create veth");
  return error ? fail_with(error.errnum, "create veth", "RTM_NEWLINK", request.host_name) : Error{};
}

Error Rtnl::create_child_link(const ChildLinkRequest& request) {
  const auto& [parent, type, mode] = request.link;
  if (!fits_interface_name(request.name)) return fail_with(EINVAL, "create link", "RTM_NEWLINK", request.name);
  int index = 0;
  if (Error error = link_index(parent, &index)) return error;
  NetlinkBuffer buffer;
  buffer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_header());
  buffer.put_string(IFLA_IFNAME, request.name);
  buffer.put_u32(IFLA_LINK, static_cast<uint32_t>(index));
  buffer.put_u32(IFLA_MTU, request.mtu);
  buffer.put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(request.netns));
  if (type == LinkType::Macvlan) buffer.put(IFLA_ADDRESS, request.mac.bytes, sizeof request.mac.bytes);
  {
    Nest info(buffer, IFLA_LINKINFO);
    buffer.put_string(IFLA_INFO_KIND, type == LinkType::Macvlan ? "macvlan" : "ipvlan");
    Nest data(buffer, IFLA_INFO_DATA);
    auto narrow = static_cast<uint16_t>(mode);
    if (type == LinkType::Macvlan) buffer.put_u32(IFLA_MACVLAN_MODE, mode);
    if (type == LinkType::Ipvlan) buffer.put(IFLA_IPVLAN_MODE, &narrow, sizeof narrow);
  }
  Error error = socket_.request(buffer, "create link");
  return error ? fail_with(error.errnum, "create link", "RTM_NEWLINK", parent) : Error{};
}

Error Rtnl::delete_link(const char* name) {
  NetlinkBuffer buffer;
  buffer.begin(RTM_DELLINK, 0, link_header());
  buffer.put_string(IFLA_IFNAME, name);
  Error error = socket_.request(buffer, "remove link");
  return error ? fail_with(error.errnum, "remove link", "RTM_DELLINK", name) : Error{};
}

// Links die with their namespaces, but connections that nobody owns any more (FIN-WAIT-1 and on, tcp(7)) keep a namespace
// alive for minutes after its last process: their links go here, all by one request. The bridge becomes one of them first,
// as the kernel waits tens of milliseconds (RCU) for each request that removes links, however many.
Error Rtnl::delete_bridge(const char* name) {
  int index = 0;
  if (Error error = link_index(name, &index)) return error;
  NetlinkBuffer buffer;
  buffer.begin(RTM_SETLINK, 0, link_header(index));
  buffer.put_u32(IFLA_GROUP, member_group(index));
  buffer.begin(RTM_DELLINK, 0, link_header());
  buffer.put_u32(IFLA_GROUP, member_group(index));
  Error error = socket_.request(buffer, "remove link");
  return error ? fail_with(error.errnum, "remove link", "RTM_DELLINK", name) : Error{};
}

Error Rtnl::link_index(const char* name, int* index) {
  NetlinkBuffer buffer;
  buffer.begin(RTM_GETLINK, 0, link_header());
  buffer.put_string(IFLA_IFNAME, name);
  Error error = socket_.query(buffer, "find link", [&](const nlmsghdr* message) {
    if (const auto* header = header_of<ifinfomsg>(message)) *index = header->ifi_index;
  });
  return error ? fail_with(error.errnum, "find link", "RTM_GETLINK", name) : Error{};
}

Error Rtnl::set_up(int index) {
  NetlinkBuffer buffer;
  buffer.begin(RTM_SETLINK, 0, link_header(index, IFF_UP, IFF_UP));
  return socket_.request(buffer, "bring link up");
}

Error Rtnl::is_operational(const char* name, bool* yes) {
  NetlinkBuffer buffer;
  buffer.begin(RTM_GETLINK, 0, link_header());
  buffer.put_string(IFLA_IFNAME, name);
  *yes = false;
  Error error = socket_.query(buffer, "find link", [&](const nlmsghdr* message) {
    const nlattr* state = find_attribute<ifinfomsg>(message, IFLA_OPERSTATE);
    *yes = state && payload_size(state) == 1 && *payload(state) == operational;
  });
  return error ? fail_with(error.errnum, "find link", "RTM_GETLINK", name) : Error{};
}

// Since Linux 6.8 the kernel's link watch catches up before it answers. Older ones announce it when it has.
Error Rtnl::await_operational(const char* name) {
  constexpr int patience_ms = 100;
  constexpr int max_announcements = 32;
  bool up;
  if (Error error = is_operational(name, &up)) return error;
  if (up) return {};
  Fd announcements(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl group = {};
  group.nl_family = AF_NETLINK;
  group.nl_groups = RTMGRP_LINK;
  if (!announcements || bind(announcements.get(), reinterpret_cast<sockaddr*>(&group), sizeof group)) {
    return fail("find link", "bind", name);
  }
  for (int i = 0; i < max_announcements; i++) {
    if (Error error = is_operational(name, &up)) return error;
    pollfd heard = {announcements.get(), POLLIN, 0};
    if (up || poll(&heard, 1, patience_ms) <= 0) return {};
    char ignored[64];
    while (recv(announcements.get(), ignored, sizeof ignored, 0) > 0) {
    }
  }
  return {};
}

// Setting a hardware address, be it the same one, makes the kernel send gratuitous ARP and neighbour advertisements.
Error Rtnl::announce(const char* name, const MacAddress& mac) {
  NetlinkBuffer buffer;
  buffer.begin(RTM_SETLINK, 0, link_header());
  buffer.put_string(IFLA_IFNAME, name);
  buffer.put(IFLA_ADDRESS, mac.bytes, sizeof mac.bytes);
  Error error = socket_.request(buffer, "announce addresses");
  return error ? fail_with(error.errnum, "announce addresses", "RTM_SETLINK", name) : Error{};
}

Error Rtnl::ensure_address(int index, const InetAddress& address) {
  ifaddrmsg header = {};
  header.ifa_family = address.family;
  header.ifa_prefixlen = address.prefix;
  header.ifa_index = static_cast<uint32_t>(index);
  NetlinkBuffer buffer;
  buffer.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header);
  buffer.put(IFA_LOCAL, address.bytes, address.size());
  buffer.put(IFA_ADDRESS, address.bytes, address.size());
  if (address.is_v4() && address.prefix < 31) buffer.put(IFA_BROADCAST, last_of(address).bytes, 4);
  // Addresses are leased, so nobody else can have one, and duplicate detection would hold it back for a second.
  if (!address.is_v4()) buffer.put_u32(IFA_FLAGS, IFA_F_NODAD);
  Error error = socket_.request(buffer, "add address");
  if (!error || error.errnum == EEXIST) return {};
  char text[inet_text_size];
  format_cidr(address, text);
  return fail_with(error.errnum, "add address", "RTM_NEWADDR", text);
}

Error Rtnl::ensure_default_route(int index, const InetAddress& gateway) {
  rtmsg header = {};
  header.rtm_family = gateway.family;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  NetlinkBuffer buffer;
  buffer.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
  buffer.put(RTA_GATEWAY, gateway.bytes, gateway.size());
  buffer.put_u32(RTA_OIF, static_cast<uint32_t>(index));
  Error error = socket_.request(buffer, "add default route");
  if (!error || error.errnum == EEXIST) return {};
  char text[inet_text_size];
  format_cidr(gateway, text);
  return fail_with(error.errnum, "add default route", "RTM_NEWROUTE", text);
}

}  // namespace tc
