// nf_tables messages that ask, and what the kernel answers.
#include <arpa/inet.h>

#include <cstring>

#include "nft.h"
#include "nft_encoding.h"

namespace tc {

void nft_begin_rule_dump(NetlinkBuffer& buffer, uint8_t family, const char* table, const char* chain) {
  buffer.begin(nft_message(NFT_MSG_GETRULE), NLM_F_DUMP, header_of_family(family));
  buffer.put_string(NFTA_RULE_TABLE, table);
  buffer.put_string(NFTA_RULE_CHAIN, chain);
}

bool nft_read_rule(const nlmsghdr* message, const char* chain, NftRuleInfo* rule, char (&comment)[256]) {
  const nlattr* handle = find_attribute<nfgenmsg>(message, NFTA_RULE_HANDLE);
  if (strcmp(text_of(find_attribute<nfgenmsg>(message, NFTA_RULE_CHAIN)), chain) != 0) return false;
  if (!handle || payload_size(handle) != sizeof rule->handle) return false;
  memcpy(&rule->handle, payload(handle), sizeof rule->handle);
  rule->comment = comment;
  comment[0] = '\0';
  const nlattr* data = find_attribute<nfgenmsg>(message, NFTA_RULE_USERDATA);
  if (!data || payload_size(data) < 2 || payload(data)[0] != comment_type) return true;
  size_t size = payload(data)[1];
  if (size == 0 || size + 2 > payload_size(data)) return true;
  memcpy(comment, payload(data) + 2, size);
  comment[size - 1] = '\0';
  return true;
}

static void put_get_chain(NetlinkBuffer& buffer, uint8_t family, const char* table, const char* chain) {
  buffer.begin(nft_message(NFT_MSG_GETCHAIN), 0, header_of_family(family));
  buffer.put_string(NFTA_CHAIN_TABLE, table);
  buffer.put_string(NFTA_CHAIN_NAME, chain);
}

Error nft_has_chain(NetlinkSocket& socket, const char* table, const char* chain, bool* exists, uint8_t family) {
  NetlinkBuffer buffer;
  put_get_chain(buffer, family, table, chain);
  Error error = socket.query(buffer, "read firewall", [](const nlmsghdr*) {});
  *exists = !error;
  return error.errnum == ENOENT ? Error{} : error;
}

Error nft_is_dropping(NetlinkSocket& socket, const char* table, const char* chain, bool* drops, uint8_t family) {
  NetlinkBuffer buffer;
  put_get_chain(buffer, family, table, chain);
  uint32_t policy = htonl(NF_ACCEPT);
  Error error = socket.query(buffer, "read firewall", [&](const nlmsghdr* message) {
    const nlattr* attribute = find_attribute<nfgenmsg>(message, NFTA_CHAIN_POLICY);
    if (attribute && payload_size(attribute) == sizeof policy) memcpy(&policy, payload(attribute), sizeof policy);
  });
  *drops = ntohl(policy) == NF_DROP;
  return error.errnum == ENOENT ? Error{} : error;
}

void nft_get_element(NetlinkBuffer& buffer, const char* table, const char* set, const void* key, size_t key_size) {
  buffer.begin(nft_message(NFT_MSG_GETSETELEM), 0, header_of_family(NFPROTO_INET));
  buffer.put_string(NFTA_SET_ELEM_LIST_TABLE, table);
  buffer.put_string(NFTA_SET_ELEM_LIST_SET, set);
  Nest list(buffer, NFTA_SET_ELEM_LIST_ELEMENTS);
  Nest element(buffer, NFTA_LIST_ELEM);
  put_value(buffer, NFTA_SET_ELEM_KEY, key, key_size);
}

}  // namespace tc
