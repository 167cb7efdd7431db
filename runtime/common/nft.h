// nf_tables messages: one atomic batch on one inet table, and the expressions that our rules are made of. The encoding
// is the kernel's (linux/netfilter/nf_tables.h); `nft list ruleset` shows what came of it.
#pragma once
// Before the kernel's headers, which then leave out what both define.
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>

#include "netlink.h"

namespace tc {

// Registers of four bytes each. A longer value takes the following ones too.
constexpr uint32_t register_at(uint32_t index) { return NFT_REG32_00 + index; }

// Numbers by which `nft` knows a type when it lists a set; the kernel does not look at them.
enum class NftType : uint32_t {
  Ipv4Address = 7,
  Ipv6Address = 8,
  Protocol = 12,
  Service = 13,
  Mark = 19,
  InterfaceName = 41
};
template <typename... Types>
constexpr uint32_t concatenate(Types... types) {
  uint32_t result = 0;
  ((result = result << 6 | static_cast<uint32_t>(types)), ...);
  return result;
}

struct NftSet {
  const char* name;
  uint32_t key_type;
  uint32_t key_size;
  uint32_t flags = 0;      // NFT_SET_INTERVAL, NFT_SET_MAP
  uint32_t data_type = 0;  // of a map
  uint32_t data_size = 0;
};

struct NftBaseChain {
  const char* name;
  const char* type;  // "filter" or "nat"
  uint32_t hook;     // NF_INET_*
  int32_t priority;
};

class NftBatch {
 public:
  explicit NftBatch(const char* table, uint8_t family = NFPROTO_INET);

  void add_table();
  void delete_table();
  // `exclusive` fails the batch with EEXIST if the chain exists.
  void add_chain(const char* name, bool exclusive = false);
  void add_base_chain(const NftBaseChain& chain);
  void flush_chain(const char* name);
  void delete_rule(const char* chain, uint64_t handle);
  void add_set(const NftSet& set);

  NetlinkBuffer& buffer() { return buffer_; }
  const char* table() const { return table_; }
  bool empty() const { return messages_ == 0; }
  void begin_message(uint16_t type, uint16_t flags);

  // Commits all or nothing.
  Error commit(NetlinkSocket& socket);

 private:
  NetlinkBuffer buffer_;
  const char* table_;
  uint8_t family_;
  size_t messages_ = 0;
};

// A rule being written: expressions in the order of evaluation, ended by the destructor.
class NftRule {
 public:
  // `at_head`: before the chain's other rules. `comment` is what `nft list` and `iptables -L` show.
  NftRule(NftBatch& batch, const char* chain, bool at_head = false, const char* comment = nullptr);
  ~NftRule();
  NftRule(const NftRule&) = delete;
  NftRule& operator=(const NftRule&) = delete;

  NftRule& meta(uint32_t key, uint32_t to = NFT_REG_1);
  NftRule& conntrack(uint32_t key, uint32_t to = NFT_REG_1);
  NftRule& payload(uint32_t base, uint32_t offset, uint32_t size, uint32_t to = NFT_REG_1);
  // Type (RTN_LOCAL, ...) of the packet's source or destination address: NFTA_FIB_F_SADDR or NFTA_FIB_F_DADDR.
  NftRule& fib_type(uint32_t flags);
  NftRule& mask(uint32_t bits) { return mask(&bits, sizeof bits); }
  NftRule& mask(const void* bits, size_t size);
  NftRule& random(uint32_t modulus, uint32_t to);
  NftRule& load(const void* data, size_t size, uint32_t to);

  NftRule& compare(uint32_t operation, const void* data, size_t size);
  NftRule& equals(uint32_t value) { return compare(NFT_CMP_EQ, &value, sizeof value); }
  NftRule& differs(uint32_t value) { return compare(NFT_CMP_NEQ, &value, sizeof value); }
  NftRule& equals_byte(uint8_t value) { return compare(NFT_CMP_EQ, &value, sizeof value); }
  // Interface names are compared whole, padded with zeroes.
  NftRule& equals_name(const char* name);
  NftRule& in(const char* set);
  // Replaces the key in the first registers by the map's value.
  NftRule& map(const char* map);

  void accept() { verdict(NF_ACCEPT); }
  void drop() { verdict(NF_DROP); }
  void jump(const char* chain) { verdict(NFT_JUMP, chain); }
  void masquerade();
  // Destination from registers: the address in the first, the port in `port_register`.
  void dnat(uint32_t family, uint32_t port_register);

 private:
  template <typename Body>
  void expression(const char* name, Body&& body);
  void verdict(int code, const char* chain = nullptr);

  NetlinkBuffer& buffer_;
  const char* comment_;
  size_t expressions_ = 0;
};

// Elements of one set, added or deleted by one message.
class NftElements {
 public:
  NftElements(NftBatch& batch, uint16_t message, const char* set);
  ~NftElements();
  NftElements(const NftElements&) = delete;
  NftElements& operator=(const NftElements&) = delete;

  void put(const void* key, size_t key_size, uint32_t flags = 0);
  void put(const void* key, size_t key_size, const void* data, size_t data_size);

 private:
  NetlinkBuffer& buffer_;
  size_t list_ = 0;
};

// Whether the base chain's policy is to drop; false if there is none.
Error nft_is_dropping(NetlinkSocket& socket, const char* table, const char* chain, bool* drops, uint8_t family);

struct NftRuleInfo {
  uint64_t handle;  // as the kernel has it, in network order
  const char* comment;
};
void nft_begin_rule_dump(NetlinkBuffer& buffer, uint8_t family, const char* table, const char* chain);
bool nft_read_rule(const nlmsghdr* message, const char* chain, NftRuleInfo* rule, char (&comment)[256]);

// Whether `table` has `chain`; ENOENT is not an error.
Error nft_has_chain(NetlinkSocket& socket, const char* table, const char* chain, bool* exists,
                    uint8_t family = NFPROTO_INET);

// Visits the rules of somebody's chain. No such chain: none.
template <typename Visit>
Error nft_list_rules(NetlinkSocket& socket, uint8_t family, const char* table, const char* chain, Visit&& visit) {
  NetlinkBuffer buffer;
  nft_begin_rule_dump(buffer, family, table, chain);
  Error error = socket.query(buffer, "read firewall", [&](const nlmsghdr* message) {
    NftRuleInfo rule;
    char comment[256];
    if (nft_read_rule(message, chain, &rule, comment)) visit(rule);
  });
  return error.errnum == ENOENT ? Error{} : error;
}

// Appends a request for one element of a set or map.
void nft_get_element(NetlinkBuffer& buffer, const char* table, const char* set, const void* key, size_t key_size);

}  // namespace tc
