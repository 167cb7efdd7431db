// ip_forward, and the guard: table inet tcompose-forward, a chain per family that we turned on:
//   meta nfproto ipv4 iifgroup 29795 accept; oifgroup 29795 accept; drop
#include "forwarding.h"

#include <dirent.h>
#include <sys/socket.h>

#include <cstdio>

#include "nft.h"
#include "rtnl.h"
#include "sysctl.h"

namespace tc {

namespace {

constexpr char guard_table[] = "tcompose-forward";

struct Switch {
  int family;
  uint8_t protocol;
  const char* chain;
  const char* sysctl;  // below /proc/sys
};

constexpr Switch switches[] = {
    {AF_INET, NFPROTO_IPV4, "ipv4", "net/ipv4/ip_forward"},
    {AF_INET6, NFPROTO_IPV6, "ipv6", "net/ipv6/conf/all/forwarding"},
};

const Switch& switch_of(int family) { return switches[family == AF_INET ? 0 : 1]; }

bool is_on(const Switch& forwarding) {
  char path[64];
  snprintf(path, sizeof path, "/proc/sys/%s", forwarding.sysctl);
  return read_sysctl(path) == '1';
}

Error add_guard(NetlinkSocket& firewall, const Switch& forwarding) {
  bool exists;
  if (Error error = nft_has_chain(firewall, guard_table, forwarding.chain, &exists)) return error;
  if (exists) return {};
  NftBatch batch(guard_table);
  batch.add_table();
  batch.add_base_chain({forwarding.chain, "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER});
  for (uint32_t side : {NFT_META_IIFGROUP, NFT_META_OIFGROUP}) {
    NftRule(batch, forwarding.chain).meta(side).equals(bridge_group).accept();
  }
  NftRule(batch, forwarding.chain).meta(NFT_META_NFPROTO).equals_byte(forwarding.protocol).drop();
  return batch.commit(firewall);
}

// A router ignores router advertisements unless told to take them all the same: without this, turning forwarding on
// would cost the host its own IPv6 default route (kernel: Documentation/networking/ip-sysctl.rst, accept_ra).
Error keep_router_advertisements() {
  DIR* directory = opendir("/proc/sys/net/ipv6/conf");
  if (!directory) return {};
  Error result;
  while (dirent* entry = readdir(directory)) {
    char path[320];
    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/accept_ra", entry->d_name);
    if (read_sysctl(path) == '1' && !result) result = write_sysctl("2", "net/ipv6/conf/%s/accept_ra", entry->d_name);
  }
  closedir(directory);
  return result;
}

Error any_network_left(bool* any) {
  Rtnl links;
  if (Error error = links.open()) return error;
  *any = false;
  return links.list_links([&](const LinkInfo& link) { *any = *any || link.group == bridge_group; });
}

}  // namespace

Error enable_forwarding(NetlinkSocket& firewall, int family) {
  const Switch& forwarding = switch_of(family);
  if (is_on(forwarding)) return {};
  if (Error error = add_guard(firewall, forwarding)) return error;
  if (family == AF_INET6) {
    if (Error error = keep_router_advertisements()) return error;
  }
  return write_sysctl("1", "%s", forwarding.sysctl);
}

Error release_forwarding(NetlinkSocket& firewall) {
  bool any;
  if (Error error = any_network_left(&any)) return error;
  if (any) return {};
  bool guarded = false;
  for (const Switch& forwarding : switches) {
    bool exists;
    if (Error error = nft_has_chain(firewall, guard_table, forwarding.chain, &exists)) return error;
    if (!exists) continue;
    guarded = true;
    if (Error error = write_sysctl("0", "%s", forwarding.sysctl)) return error;
  }
  if (!guarded) return {};
  NftBatch batch(guard_table);
  batch.add_table();
  batch.delete_table();
  return batch.commit(firewall);
}

}  // namespace tc
