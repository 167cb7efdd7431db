// What the kernel tells of links, addresses and routes.
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>

#include "rtnl.h"

namespace tc {

void Rtnl::begin_dump(NetlinkBuffer& buffer, Dump what) {
  if (what == Dump::Links) {
    buffer.begin(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
  } else if (what == Dump::Addresses) {
    buffer.begin(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
  } else {
    buffer.begin(RTM_GETROUTE, NLM_F_DUMP, rtmsg{});
  }
}

bool Rtnl::read_link(const nlmsghdr* message, LinkInfo* link) {
  const auto* header = header_of<ifinfomsg>(message);
  if (message->nlmsg_type != RTM_NEWLINK || !header) return false;
  const nlattr* group = find_attribute<ifinfomsg>(message, IFLA_GROUP);
  link->name = text_of(find_attribute<ifinfomsg>(message, IFLA_IFNAME));
  link->index = header->ifi_index;
  link->kind = text_of(find_attribute(find_attribute<ifinfomsg>(message, IFLA_LINKINFO), IFLA_INFO_KIND));
  link->group = 0;
  if (group && payload_size(group) == sizeof link->group) memcpy(&link->group, payload(group), sizeof link->group);
  link->up = header->ifi_flags & IFF_UP;
  return true;
}

bool Rtnl::read_subnet(const nlmsghdr* message, InetAddress* subnet) {
  const nlattr* address = nullptr;
  if (message->nlmsg_type == RTM_NEWADDR) {
    const auto* header = header_of<ifaddrmsg>(message);
    if (!header) return false;
    subnet->family = header->ifa_family;
    subnet->prefix = header->ifa_prefixlen;
    address = find_attribute<ifaddrmsg>(message, IFA_ADDRESS);
  } else if (message->nlmsg_type == RTM_NEWROUTE) {
    const auto* header = header_of<rtmsg>(message);
    // Default routes, whole or, as VPNs set them, in halves; and the host's own addresses, which come by RTM_NEWADDR.
    if (!header || header->rtm_dst_len <= 1 || header->rtm_table == RT_TABLE_LOCAL) return false;
    subnet->family = header->rtm_family;
    subnet->prefix = header->rtm_dst_len;
    address = find_attribute<rtmsg>(message, RTA_DST);
  }
  if (subnet->family != AF_INET && subnet->family != AF_INET6) return false;
  if (!address || payload_size(address) != subnet->size()) return false;
  memcpy(subnet->bytes, payload(address), subnet->size());
  *subnet = first_of(*subnet);
  return true;
}

}  // namespace tc
