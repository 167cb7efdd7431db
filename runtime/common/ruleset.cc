// The rules. In nft's words they are at the head of each function; `nft list ruleset` prints nearly the same.
#include "ruleset.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstddef>

#include "firewall.h"
#include "rtnl.h"

namespace tc {

namespace {

constexpr char chain_raw[] = "raw_prerouting";
constexpr char chain_forward[] = "forward";
constexpr char chain_prerouting[] = "prerouting";
constexpr char chain_output[] = "output";
constexpr char chain_postrouting[] = "postrouting";
constexpr char chain_published[] = "published";
constexpr char chain_to_bridge[] = "to_bridge";

constexpr NftBaseChain base_chains[] = {
    {chain_raw, "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW},
    {chain_forward, "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER},
    {chain_prerouting, "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST},
    {chain_output, "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST},
    {chain_postrouting, "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC},
};

// linux/netfilter/nf_conntrack_common.h: NF_CT_STATE_BIT of IP_CT_ESTABLISHED and IP_CT_RELATED.
constexpr uint32_t state_established_or_related = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);

struct Family {
  uint8_t protocol;
  uint32_t source_offset;
  uint32_t destination_offset;
  uint32_t size;
  const char* subnets;
  const char* hidden;
  const char* published;
  const char* published_any;

  uint32_t words() const { return size / 4; }
};

constexpr Family families[] = {
    {NFPROTO_IPV4, 12, 16, 4, set_subnets4, set_hidden4, map_published4, map_published_any4},
    {NFPROTO_IPV6, 8, 24, 16, set_subnets6, set_hidden6, map_published6, map_published_any6},
};

NftRule& if_family(NftRule& rule, const Family& family) {
  return rule.meta(NFT_META_NFPROTO).equals_byte(family.protocol);
}
NftRule& source(NftRule& rule, const Family& family) {
  return if_family(rule, family).payload(NFT_PAYLOAD_NETWORK_HEADER, family.source_offset, family.size);
}
NftRule& destination(NftRule& rule, const Family& family) {
  return if_family(rule, family).payload(NFT_PAYLOAD_NETWORK_HEADER, family.destination_offset, family.size);
}
NftRule& if_redirected(NftRule& rule) { return rule.conntrack(NFT_CT_STATUS).mask(IPS_DST_NAT).differs(0); }

NftRule& if_unpublished(NftRule& rule) {
  rule.meta(NFT_META_IIFNAME).in(set_bridges);
  return rule.conntrack(NFT_CT_STATUS).mask(IPS_DST_NAT).equals(0);
}

void put_sets(NftBatch& batch) {
  constexpr auto name = concatenate(NftType::InterfaceName);
  batch.add_set({set_bridges, name, IFNAMSIZ});
  batch.add_set({set_internal, name, IFNAMSIZ});
  batch.add_set({set_same_bridge, concatenate(NftType::InterfaceName, NftType::InterfaceName), 2 * IFNAMSIZ});
  for (const Family& family : families) {
    NftType type = family.protocol == NFPROTO_IPV4 ? NftType::Ipv4Address : NftType::Ipv6Address;
    uint32_t backend = concatenate(type, NftType::Service);
    batch.add_set({family.subnets, concatenate(type), family.size, NFT_SET_INTERVAL});
    batch.add_set({family.hidden, concatenate(type), family.size, NFT_SET_INTERVAL});
    batch.add_set({family.published, concatenate(type, NftType::Protocol, NftType::Service, NftType::Mark),
                   family.size + 12, NFT_SET_MAP, backend, family.size + 4});
    batch.add_set({family.published_any, concatenate(NftType::Protocol, NftType::Service, NftType::Mark), 12,
                   NFT_SET_MAP, backend, family.size + 4});
  }
}

// iifname "lo" accept
// ip daddr 127.0.0.0/8 drop     route_localnet of our bridges must not open the host's loopback
// iifgroup 29795 accept         any instance's bridge: what its containers may do is the forward chain's to say
// ip daddr @hidden4 drop
void put_raw_rules(NftBatch& batch) {
  NftRule(batch, chain_raw).meta(NFT_META_IIFNAME).equals_name("lo").accept();
  {
    NftRule rule(batch, chain_raw);
    destination(rule, families[0]).mask(htonl(0xff000000)).equals(htonl(0x7f000000)).drop();
  }
  NftRule(batch, chain_raw).meta(NFT_META_IIFGROUP).equals(bridge_group).accept();
  for (const Family& family : families) {
    NftRule rule(batch, chain_raw);
    destination(rule, family).in(family.hidden).drop();
  }
}

// ct state established,related accept
// iifname . oifname @same_bridge accept
// iifname @internal drop
// oifname @internal drop
// oifname @bridges ct status dnat accept  published ports, from outside and from other networks
// oifname @bridges drop
// iifname @bridges ct status ! dnat oifname "docker0" drop    Docker's networks are other people's: it keeps them apart
// iifname @bridges ct status ! dnat oifname "br-*" drop       from its own only, and would let ours in where we ask it to
//                                                             let our traffic out (foreign_forward.cc)
void put_forward_rules(NftBatch& batch) {
  NftRule(batch, chain_forward).conntrack(NFT_CT_STATE).mask(state_established_or_related).differs(0).accept();
  NftRule(batch, chain_forward)
      .meta(NFT_META_IIFNAME)
      .meta(NFT_META_OIFNAME, register_at(IFNAMSIZ / 4))
      .in(set_same_bridge)
      .accept();
  NftRule(batch, chain_forward).meta(NFT_META_IIFNAME).in(set_internal).drop();
  NftRule(batch, chain_forward).meta(NFT_META_OIFNAME).in(set_internal).drop();
  {
    NftRule rule(batch, chain_forward);
    if_redirected(rule.meta(NFT_META_OIFNAME).in(set_bridges)).accept();
  }
  NftRule(batch, chain_forward).meta(NFT_META_OIFNAME).in(set_bridges).drop();
  {
    NftRule rule(batch, chain_forward);
    if_unpublished(rule).meta(NFT_META_OIFNAME).equals_name("docker0").drop();
  }
  // Its bridges are "br-" and twelve digits, which fills the name: a bridge that the host calls br-lan is none of them.
  constexpr char last_character[IFNAMSIZ] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\xff'};
  constexpr char nothing[IFNAMSIZ] = {};
  NftRule rule(batch, chain_forward);
  if_unpublished(rule).meta(NFT_META_OIFNAME).compare(NFT_CMP_EQ, "br-", 3);
  rule.meta(NFT_META_OIFNAME).mask(last_character, IFNAMSIZ).compare(NFT_CMP_NEQ, nothing, IFNAMSIZ).drop();
}

// In prerouting and output: fib daddr type local jump published
// ip6 daddr ::1 accept            IPv6 has no route_localnet: an answer could not come back, so the relay serves it
// dnat ip to ip daddr . meta l4proto . th dport . numgen random mod 60 map @published4
// dnat ip to meta l4proto . th dport . numgen random mod 60 map @published_any4
void put_published_rules(NftBatch& batch) {
  for (const char* chain : {chain_prerouting, chain_output}) {
    NftRule(batch, chain).fib_type(NFTA_FIB_F_DADDR).equals(RTN_LOCAL).jump(chain_published);
  }
  {
    NftRule rule(batch, chain_published);
    destination(rule, families[1]).compare(NFT_CMP_EQ, &in6addr_loopback, sizeof in6addr_loopback).accept();
  }
  for (const Family& family : families) {
    for (bool any : {false, true}) {
      NftRule rule(batch, chain_published);
      uint32_t at = any ? 0 : family.words();
      (any ? if_family(rule, family) : destination(rule, family))
          .meta(NFT_META_L4PROTO, register_at(at))
          .payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, register_at(at + 1))
          .random(group_slots, register_at(at + 2))
          .map(any ? family.published_any : family.published)
          .dnat(family.protocol, register_at(family.words()));
    }
  }
}

// oifname @bridges jump to_bridge
// ip saddr @hidden4 masquerade
// chain to_bridge: the container must answer to the host, even where it has no route to the sender (loopback, a
// network without a gateway) or a shorter one (itself, its neighbour).
//   ct status & dnat == 0 accept
//   fib saddr type local masquerade
//   ip saddr @subnets4 masquerade
//   accept
void put_postrouting_rules(NftBatch& batch) {
  NftRule(batch, chain_postrouting).meta(NFT_META_OIFNAME).in(set_bridges).jump(chain_to_bridge);
  NftRule(batch, chain_to_bridge).conntrack(NFT_CT_STATUS).mask(IPS_DST_NAT).equals(0).accept();
  NftRule(batch, chain_to_bridge).fib_type(NFTA_FIB_F_SADDR).equals(RTN_LOCAL).masquerade();
  for (const Family& family : families) {
    {
      NftRule rule(batch, chain_postrouting);
      source(rule, family).in(family.hidden).masquerade();
    }
    NftRule rule(batch, chain_to_bridge);
    source(rule, family).in(family.subnets).masquerade();
  }
  NftRule(batch, chain_to_bridge).accept();
}

}  // namespace

void put_ruleset(NftBatch& batch) {
  batch.add_table();
  batch.add_chain(ruleset_marker, true);
  put_sets(batch);
  for (const char* chain : {chain_published, chain_to_bridge}) {
    batch.add_chain(chain);
    batch.flush_chain(chain);
  }
  for (const NftBaseChain& chain : base_chains) {
    batch.add_base_chain(chain);
    batch.flush_chain(chain.name);
  }
  put_raw_rules(batch);
  put_forward_rules(batch);
  put_published_rules(batch);
  put_postrouting_rules(batch);
}

}  // namespace tc
