// The rules that carry an instance's traffic: one inet table of fixed rules over sets and maps, so that networks and
// published ports come and go as elements. Written by the addon and, for port groups, by monitors.
#pragma once
#include "inet_address.h"
#include "nft.h"

namespace tc {

// A published port is dealt to its backends in this many slots; 60 divides evenly by 1 to 6.
constexpr size_t group_slots = 60;

struct PortGroup {
  bool udp;
  InetAddress address;  // the host's; any address: every one of the family
  uint16_t port;
};

struct Backend {
  InetAddress address;
  uint16_t port = 0;  // 0: nobody
  bool operator==(const Backend& other) const { return port == other.port && (!port || address == other.address); }
};

struct GroupSlots {
  Backend at[group_slots];
  bool operator==(const GroupSlots& other) const = default;
};

// From what the kernel deals now to what it shall deal.
struct GroupChange {
  PortGroup group;
  GroupSlots from;
  GroupSlots to;

  // Backends of another family than the group's address are left to the relay.
  bool concerns(const Backend& backend) const { return backend.port && backend.address.family == group.address.family; }
};

struct FirewallStep {
  enum class Kind { EnsureTable, AddNetwork, RemoveNetwork, SetGroup, RemoveGroup, RemoveTable } kind;
  // EnsureTable: turn forwarding on if it is off, and then forward nothing but our own traffic.
  bool forward_drop;
  // AddNetwork, RemoveNetwork
  const char* bridge;
  const InetAddress* subnets;
  size_t subnet_count;
  bool internal;
  bool masquerade;
  bool communicates;
  // SetGroup, RemoveGroup: `backends` are dealt to the slots in turn.
  PortGroup group;
  const Backend* backends;
  size_t backend_count;
};

// The functions below take a NETLINK_NETFILTER socket that the process keeps to its end: closing one waits, for some
// ten milliseconds, until the kernel has freed what was deleted.

// Carries out all steps in one atomic batch. Adding what is there and removing what is not both succeed.
Error update_firewall(NetlinkSocket& socket, const char* table, const FirewallStep* steps, size_t count);

// Reads what the kernel deals a group's slots to now; all empty if there is no such table.
Error read_group(NetlinkSocket& socket, const char* table, const PortGroup& group, GroupSlots* slots);
void put_group_change(NftBatch& batch, const GroupChange& change);

}  // namespace tc
