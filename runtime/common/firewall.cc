// Steps into elements: networks, port groups, the table itself.
#include "firewall.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <cstdlib>
#include <cstring>

#include "conntrack.h"
#include "foreign_forward.h"
#include "forwarding.h"
#include "ruleset.h"

namespace tc {

namespace {

// Somebody else's batch may come between reading and writing, or while we read.
constexpr int attempts = 8;

struct InterfaceName {
  char bytes[IFNAMSIZ] = {};
  explicit InterfaceName(const char* name) { strncpy(bytes, name, sizeof bytes - 1); }
};

void put_bridge(NftBatch& batch, uint16_t message, const char* set, const InterfaceName& bridge) {
  NftElements(batch, message, set).put(bridge.bytes, sizeof bridge.bytes);
}

void put_same_bridge(NftBatch& batch, uint16_t message, const InterfaceName& bridge) {
  char pair[2 * IFNAMSIZ];
  memcpy(pair, bridge.bytes, IFNAMSIZ);
  memcpy(pair + IFNAMSIZ, bridge.bytes, IFNAMSIZ);
  NftElements(batch, message, set_same_bridge).put(pair, sizeof pair);
}

// An interval is two elements: its first address, and the first address behind it.
void put_subnet(NftBatch& batch, uint16_t message, const char* set, const InetAddress& subnet) {
  InetAddress first = first_of(subnet);
  InetAddress end = last_of(subnet);
  bool wraps = true;
  for (size_t i = end.size(); i-- > 0 && wraps;) wraps = ++end.bytes[i] == 0;
  NftElements elements(batch, message, set);
  elements.put(first.bytes, first.size());
  if (!wraps) elements.put(end.bytes, end.size(), NFT_SET_ELEM_INTERVAL_END);
}

void add_network(NftBatch& batch, const FirewallStep& step) {
  InterfaceName bridge(step.bridge);
  put_bridge(batch, NFT_MSG_NEWSETELEM, set_bridges, bridge);
  if (step.communicates) put_same_bridge(batch, NFT_MSG_NEWSETELEM, bridge);
  if (step.internal) put_bridge(batch, NFT_MSG_NEWSETELEM, set_internal, bridge);
  for (size_t i = 0; i < step.subnet_count; i++) {
    const InetAddress& subnet = step.subnets[i];
    put_subnet(batch, NFT_MSG_NEWSETELEM, subnet.is_v4() ? set_subnets4 : set_subnets6, subnet);
    if (!step.internal && !step.masquerade) continue;
    put_subnet(batch, NFT_MSG_NEWSETELEM, subnet.is_v4() ? set_hidden4 : set_hidden6, subnet);
  }
}

// Deleting what is not there fails the batch, and newer kernels only can be told not to mind. So each element is
// added first, which does nothing where it is.
void remove_network(NftBatch& batch, const FirewallStep& step) {
  InterfaceName bridge(step.bridge);
  for (uint16_t message : {NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM}) {
    put_bridge(batch, message, set_bridges, bridge);
    put_bridge(batch, message, set_internal, bridge);
    put_same_bridge(batch, message, bridge);
    for (size_t i = 0; i < step.subnet_count; i++) {
      const InetAddress& subnet = step.subnets[i];
      put_subnet(batch, message, subnet.is_v4() ? set_subnets4 : set_subnets6, subnet);
      put_subnet(batch, message, subnet.is_v4() ? set_hidden4 : set_hidden6, subnet);
    }
  }
}

// Key of one slot: [address,] protocol, port, slot, each padded to four bytes; the slot in the host's order, as
// numgen gives it.
struct SlotKey {
  uint8_t bytes[28] = {};
  size_t size = 0;

  SlotKey(const PortGroup& group, size_t slot) {
    if (!group.address.is_any()) append(group.address.bytes, group.address.size());
    uint8_t protocol = group.udp ? IPPROTO_UDP : IPPROTO_TCP;
    append(&protocol, sizeof protocol);
    uint16_t port = htons(group.port);
    append(&port, sizeof port);
    auto number = static_cast<uint32_t>(slot);
    append(&number, sizeof number);
  }

 private:
  void append(const void* data, size_t length) {
    memcpy(bytes + size, data, length);
    size += (length + 3) & ~size_t{3};
  }
};

const char* map_of(const PortGroup& group) {
  if (group.address.is_any()) return group.address.is_v4() ? map_published_any4 : map_published_any6;
  return group.address.is_v4() ? map_published4 : map_published6;
}

void put_backend(NftElements& elements, const SlotKey& key, const Backend& backend) {
  uint8_t data[20] = {};
  size_t address = backend.address.size();
  memcpy(data, backend.address.bytes, address);
  uint16_t port = htons(backend.port);
  memcpy(data + address, &port, sizeof port);
  elements.put(key.bytes, key.size, data, address + 4);
}

// Reads one NEWSETELEM answer into the slot that its key names.
void read_slot(const nlmsghdr* message, const PortGroup& group, GroupSlots* slots) {
  const nlattr* element =
      find_attribute(find_attribute<nfgenmsg>(message, NFTA_SET_ELEM_LIST_ELEMENTS), NFTA_LIST_ELEM);
  const nlattr* key = find_attribute(find_attribute(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
  const nlattr* data = find_attribute(find_attribute(element, NFTA_SET_ELEM_DATA), NFTA_DATA_VALUE);
  size_t address = group.address.size();
  if (!key || !data || payload_size(key) < 4 || payload_size(data) < address + 2) return;
  uint32_t slot;
  memcpy(&slot, payload(key) + payload_size(key) - 4, sizeof slot);
  if (slot >= group_slots) return;
  Backend& backend = slots->at[slot];
  backend.address = {group.address.family, static_cast<uint8_t>(address * 8), {}};
  memcpy(backend.address.bytes, payload(data), address);
  uint16_t port;
  memcpy(&port, payload(data) + address, sizeof port);
  backend.port = ntohs(port);
}

class StepRunner {
 public:
  StepRunner(NetlinkSocket& socket, const char* table) : socket_(socket), batch_(table) {}
  StepRunner(const StepRunner&) = delete;
  StepRunner& operator=(const StepRunner&) = delete;
  ~StepRunner() { free(changes_); }

  Error run(const FirewallStep* steps, size_t count) {
    if (Error error = nft_has_chain(socket_, batch_.table(), ruleset_marker, &exists_)) return error;
    changes_ = static_cast<GroupChange*>(malloc((count + 1) * sizeof(GroupChange)));
    if (!changes_) return fail_with(ENOMEM, "update firewall", "malloc");
    for (size_t i = 0; i < count; i++) {
      if (Error error = run(steps[i])) return error;
    }
    if (Error error = batch_.commit(socket_)) return error;
    if (Error error = forget_flows(socket_, changes_, change_count_)) return error;
    for (size_t i = 0; i < count; i++) {
      if (Error error = tell_others(steps[i])) return error;
    }
    return {};
  }

 private:
  // What stands outside of our table, and so of the batch.
  Error tell_others(const FirewallStep& step) {
    using Kind = FirewallStep::Kind;
    if (step.kind == Kind::AddNetwork) return admit_bridge(socket_, batch_.table(), step.bridge);
    if (step.kind == Kind::RemoveNetwork) return withdraw_bridge(socket_, batch_.table(), step.bridge);
    if (step.kind != Kind::RemoveTable) return {};
    if (Error error = withdraw_bridge(socket_, batch_.table(), nullptr)) return error;
    return release_forwarding(socket_);
  }

  Error run(const FirewallStep& step) {
    using Kind = FirewallStep::Kind;
    switch (step.kind) {
      case Kind::EnsureTable:
        if (!exists_) put_ruleset(batch_);
        exists_ = true;
        return step.forward_drop ? enable_forwarding(socket_, AF_INET) : Error{};
      case Kind::AddNetwork:
        add_network(batch_, step);
        return enable_forwarding_of(step);
      case Kind::RemoveNetwork:
        if (exists_) remove_network(batch_, step);
        return {};
      case Kind::SetGroup:
        return set_group(step);
      case Kind::RemoveGroup:
        return exists_ ? set_group(step) : Error{};
      case Kind::RemoveTable:
        batch_.add_table();
        batch_.delete_table();
        exists_ = false;
        return {};
    }
    return {};
  }

  Error enable_forwarding_of(const FirewallStep& step) {
    for (size_t i = 0; i < step.subnet_count && !step.internal; i++) {
      if (!step.subnets[i].is_v4()) return enable_forwarding(socket_, AF_INET6);
    }
    return {};
  }

  Error set_group(const FirewallStep& step) {
    GroupChange& change = changes_[change_count_++];
    change = {step.group, {}, {}};
    for (size_t i = 0; i < group_slots && step.backend_count; i++) {
      change.to.at[i] = step.backends[i % step.backend_count];
    }
    if (Error error = read_group(socket_, batch_.table(), step.group, &change.from)) return error;
    put_group_change(batch_, change);
    return {};
  }

  NetlinkSocket& socket_;
  NftBatch batch_;
  GroupChange* changes_ = nullptr;
  size_t change_count_ = 0;
  bool exists_ = false;
};

}  // namespace

Error read_group(NetlinkSocket& socket, const char* table, const PortGroup& group, GroupSlots* slots) {
  *slots = {};
  NetlinkBuffer buffer;
  // One message a slot: the kernel stops at the first key of a message that it does not find.
  for (size_t i = 0; i < group_slots; i++) {
    SlotKey key(group, i);
    nft_get_element(buffer, table, map_of(group), key.bytes, key.size);
  }
  Error error =
      socket.query(buffer, "read firewall", [&](const nlmsghdr* message) { read_slot(message, group, slots); });
  return error.errnum == ENOENT ? Error{} : error;
}

void put_group_change(NftBatch& batch, const GroupChange& change) {
  for (uint16_t message : {NFT_MSG_DELSETELEM, NFT_MSG_NEWSETELEM}) {
    const GroupSlots& side = message == NFT_MSG_DELSETELEM ? change.from : change.to;
    auto differs = [&](size_t i) { return change.concerns(side.at[i]) && !(change.from.at[i] == change.to.at[i]); };
    size_t first = 0;
    while (first < group_slots && !differs(first)) first++;
    if (first == group_slots) continue;
    NftElements elements(batch, message, map_of(change.group));
    for (size_t i = first; i < group_slots; i++) {
      if (differs(i)) put_backend(elements, SlotKey(change.group, i), side.at[i]);
    }
  }
}

Error update_firewall(NetlinkSocket& socket, const char* table, const FirewallStep* steps, size_t count) {
  Error error;
  for (int i = 0; i < attempts; i++) {
    error = StepRunner(socket, table).run(steps, count);
    if (error.errnum != EEXIST && error.errnum != ENOENT && error.errnum != EINTR) break;
  }
  return error;
}

}  // namespace tc
