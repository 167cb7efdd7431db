// nf_tables messages: batches, chains, sets, elements, expressions.
#include "nft.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <cstring>

#include "nft_encoding.h"

namespace tc {

namespace {

nfgenmsg batch_header() {
  nfgenmsg header = {};
  header.res_id = htons(NFNL_SUBSYS_NFTABLES);
  return header;
}

}  // namespace

NftBatch::NftBatch(const char* table, uint8_t family) : table_(table), family_(family) {
  buffer_.begin(NFNL_MSG_BATCH_BEGIN, 0, batch_header());
}

void NftBatch::begin_message(uint16_t type, uint16_t flags) {
  messages_++;
  buffer_.begin(nft_message(type), flags, header_of_family(family_));
}

Error NftBatch::commit(NetlinkSocket& socket) {
  if (empty()) return {};
  // The end of a batch is acknowledged by newer kernels only.
  buffer_.acknowledge_last();
  uint32_t awaited = buffer_.last_sequence();
  buffer_.begin(NFNL_MSG_BATCH_END, 0, batch_header());
  return socket.request(buffer_, "update firewall", awaited);
}

void NftBatch::add_table() {
  begin_message(NFT_MSG_NEWTABLE, NLM_F_CREATE);
  buffer_.put_string(NFTA_TABLE_NAME, table_);
}

void NftBatch::delete_table() {
  begin_message(NFT_MSG_DELTABLE, 0);
  buffer_.put_string(NFTA_TABLE_NAME, table_);
}

void NftBatch::add_chain(const char* name, bool exclusive) {
  begin_message(NFT_MSG_NEWCHAIN, exclusive ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE);
  buffer_.put_string(NFTA_CHAIN_TABLE, table_);
  buffer_.put_string(NFTA_CHAIN_NAME, name);
}

void NftBatch::add_base_chain(const NftBaseChain& chain) {
  begin_message(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  buffer_.put_string(NFTA_CHAIN_TABLE, table_);
  buffer_.put_string(NFTA_CHAIN_NAME, chain.name);
  buffer_.put_string(NFTA_CHAIN_TYPE, chain.type);
  Nest hook(buffer_, NFTA_CHAIN_HOOK);
  buffer_.put_be32(NFTA_HOOK_HOOKNUM, chain.hook);
  buffer_.put_be32(NFTA_HOOK_PRIORITY, static_cast<uint32_t>(chain.priority));
}

void NftBatch::flush_chain(const char* name) {
  begin_message(NFT_MSG_DELRULE, 0);
  buffer_.put_string(NFTA_RULE_TABLE, table_);
  buffer_.put_string(NFTA_RULE_CHAIN, name);
}

void NftBatch::delete_rule(const char* chain, uint64_t handle) {
  begin_message(NFT_MSG_DELRULE, 0);
  buffer_.put_string(NFTA_RULE_TABLE, table_);
  buffer_.put_string(NFTA_RULE_CHAIN, chain);
  buffer_.put(NFTA_RULE_HANDLE, &handle, sizeof handle);
}

void NftBatch::add_set(const NftSet& set) {
  begin_message(NFT_MSG_NEWSET, NLM_F_CREATE);
  buffer_.put_string(NFTA_SET_TABLE, table_);
  buffer_.put_string(NFTA_SET_NAME, set.name);
  buffer_.put_be32(NFTA_SET_ID, static_cast<uint32_t>(messages_));
  buffer_.put_be32(NFTA_SET_FLAGS, set.flags);
  buffer_.put_be32(NFTA_SET_KEY_TYPE, set.key_type);
  buffer_.put_be32(NFTA_SET_KEY_LEN, set.key_size);
  if (set.key_type == concatenate(NftType::InterfaceName)) {
    // For `nft list`: type 0 (byte order of the key), four bytes, 1 (the host's). See libnftnl's udata.h.
    struct {
      uint8_t type = 0, size = 4;
      uint8_t value[4] = {1, 0, 0, 0};
    } byte_order;
    buffer_.put(NFTA_SET_USERDATA, &byte_order, sizeof byte_order);
  }
  if (set.flags & NFT_SET_MAP) {
    buffer_.put_be32(NFTA_SET_DATA_TYPE, set.data_type);
    buffer_.put_be32(NFTA_SET_DATA_LEN, set.data_size);
  }
}

NftRule::NftRule(NftBatch& batch, const char* chain, bool at_head, const char* comment)
    : buffer_(batch.buffer()), comment_(comment) {
  batch.begin_message(NFT_MSG_NEWRULE, at_head ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_APPEND);
  buffer_.put_string(NFTA_RULE_TABLE, batch.table());
  buffer_.put_string(NFTA_RULE_CHAIN, chain);
  expressions_ = buffer_.open_nest(NFTA_RULE_EXPRESSIONS);
}

NftRule::~NftRule() {
  buffer_.close_nest(expressions_);
  if (!comment_) return;
  // Type, length, text with its zero: libnftnl's udata.h.
  uint8_t data[2 + 254];
  size_t size = strnlen(comment_, 253) + 1;
  data[0] = comment_type;
  data[1] = static_cast<uint8_t>(size);
  memcpy(data + 2, comment_, size - 1);
  data[1 + size] = 0;
  buffer_.put(NFTA_RULE_USERDATA, data, 2 + size);
}

template <typename Body>
void NftRule::expression(const char* name, Body&& body) {
  Nest element(buffer_, NFTA_LIST_ELEM);
  buffer_.put_string(NFTA_EXPR_NAME, name);
  Nest data(buffer_, NFTA_EXPR_DATA);
  body();
}

NftRule& NftRule::meta(uint32_t key, uint32_t to) {
  expression("meta", [&] {
    buffer_.put_be32(NFTA_META_KEY, key);
    buffer_.put_be32(NFTA_META_DREG, to);
  });
  return *this;
}

NftRule& NftRule::conntrack(uint32_t key, uint32_t to) {
  expression("ct", [&] {
    buffer_.put_be32(NFTA_CT_KEY, key);
    buffer_.put_be32(NFTA_CT_DREG, to);
  });
  return *this;
}

NftRule& NftRule::payload(uint32_t base, uint32_t offset, uint32_t size, uint32_t to) {
  expression("payload", [&] {
    buffer_.put_be32(NFTA_PAYLOAD_DREG, to);
    buffer_.put_be32(NFTA_PAYLOAD_BASE, base);
    buffer_.put_be32(NFTA_PAYLOAD_OFFSET, offset);
    buffer_.put_be32(NFTA_PAYLOAD_LEN, size);
  });
  return *this;
}

NftRule& NftRule::fib_type(uint32_t flags) {
  expression("fib", [&] {
    buffer_.put_be32(NFTA_FIB_DREG, NFT_REG_1);
    buffer_.put_be32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    buffer_.put_be32(NFTA_FIB_FLAGS, flags);
  });
  return *this;
}

NftRule& NftRule::mask(const void* bits, size_t size) {
  static constexpr uint8_t none[16] = {};
  expression("bitwise", [&] {
    buffer_.put_be32(NFTA_BITWISE_SREG, NFT_REG_1);
    buffer_.put_be32(NFTA_BITWISE_DREG, NFT_REG_1);
    buffer_.put_be32(NFTA_BITWISE_LEN, static_cast<uint32_t>(size));
    put_value(buffer_, NFTA_BITWISE_MASK, bits, size);
    put_value(buffer_, NFTA_BITWISE_XOR, none, size);
  });
  return *this;
}

NftRule& NftRule::random(uint32_t modulus, uint32_t to) {
  expression("numgen", [&] {
    buffer_.put_be32(NFTA_NG_DREG, to);
    buffer_.put_be32(NFTA_NG_MODULUS, modulus);
    buffer_.put_be32(NFTA_NG_TYPE, NFT_NG_RANDOM);
    buffer_.put_be32(NFTA_NG_OFFSET, 0);
  });
  return *this;
}

NftRule& NftRule::load(const void* data, size_t size, uint32_t to) {
  expression("immediate", [&] {
    buffer_.put_be32(NFTA_IMMEDIATE_DREG, to);
    put_value(buffer_, NFTA_IMMEDIATE_DATA, data, size);
  });
  return *this;
}

NftRule& NftRule::compare(uint32_t operation, const void* data, size_t size) {
  expression("cmp", [&] {
    buffer_.put_be32(NFTA_CMP_SREG, NFT_REG_1);
    buffer_.put_be32(NFTA_CMP_OP, operation);
    put_value(buffer_, NFTA_CMP_DATA, data, size);
  });
  return *this;
}

NftRule& NftRule::equals_name(const char* name) {
  char padded[IFNAMSIZ] = {};
  strncpy(padded, name, sizeof padded - 1);
  return compare(NFT_CMP_EQ, padded, sizeof padded);
}

NftRule& NftRule::in(const char* set) {
  expression("lookup", [&] {
    buffer_.put_string(NFTA_LOOKUP_SET, set);
    buffer_.put_be32(NFTA_LOOKUP_SREG, NFT_REG_1);
  });
  return *this;
}

NftRule& NftRule::map(const char* map) {
  expression("lookup", [&] {
    buffer_.put_string(NFTA_LOOKUP_SET, map);
    buffer_.put_be32(NFTA_LOOKUP_SREG, NFT_REG_1);
    buffer_.put_be32(NFTA_LOOKUP_DREG, NFT_REG_1);
  });
  return *this;
}

void NftRule::masquerade() {
  expression("masq", [] {});
}

void NftRule::dnat(uint32_t family, uint32_t port_register) {
  expression("nat", [&] {
    buffer_.put_be32(NFTA_NAT_TYPE, NFT_NAT_DNAT);
    buffer_.put_be32(NFTA_NAT_FAMILY, family);
    buffer_.put_be32(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
    buffer_.put_be32(NFTA_NAT_REG_PROTO_MIN, port_register);
  });
}

void NftRule::verdict(int code, const char* chain) {
  expression("immediate", [&] {
    buffer_.put_be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    Nest data(buffer_, NFTA_IMMEDIATE_DATA);
    Nest verdict(buffer_, NFTA_DATA_VERDICT);
    buffer_.put_be32(NFTA_VERDICT_CODE, static_cast<uint32_t>(code));
    if (chain) buffer_.put_string(NFTA_VERDICT_CHAIN, chain);
  });
}

NftElements::NftElements(NftBatch& batch, uint16_t message, const char* set) : buffer_(batch.buffer()) {
  batch.begin_message(message, message == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
  buffer_.put_string(NFTA_SET_ELEM_LIST_TABLE, batch.table());
  buffer_.put_string(NFTA_SET_ELEM_LIST_SET, set);
  list_ = buffer_.open_nest(NFTA_SET_ELEM_LIST_ELEMENTS);
}

NftElements::~NftElements() { buffer_.close_nest(list_); }

void NftElements::put(const void* key, size_t key_size, uint32_t flags) {
  Nest element(buffer_, NFTA_LIST_ELEM);
  put_value(buffer_, NFTA_SET_ELEM_KEY, key, key_size);
  if (flags) buffer_.put_be32(NFTA_SET_ELEM_FLAGS, flags);
}

void NftElements::put(const void* key, size_t key_size, const void* data, size_t data_size) {
  Nest element(buffer_, NFTA_LIST_ELEM);
  put_value(buffer_, NFTA_SET_ELEM_KEY, key, key_size);
  put_value(buffer_, NFTA_SET_ELEM_DATA, data, data_size);
}

}  // namespace tc
