// What messages to nf_tables and answers from it have in common.
#pragma once
#include "nft.h"

namespace tc {

inline nfgenmsg header_of_family(uint8_t family) {
  nfgenmsg header = {};
  header.nfgen_family = family;
  header.version = NFNETLINK_V0;
  return header;
}

constexpr uint8_t comment_type = 0;

constexpr uint16_t nft_message(uint16_t type) { return NFNL_SUBSYS_NFTABLES << 8 | type; }

inline void put_value(NetlinkBuffer& buffer, uint16_t type, const void* data, size_t size) {
  Nest nest(buffer, type);
  buffer.put(NFTA_DATA_VALUE, data, size);
}

}  // namespace tc
