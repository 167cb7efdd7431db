// Lines and fields of the small text files that monitors and the CLI share.
#pragma once
#include <cstring>
#include <string_view>

#include "../common/inet_address.h"

namespace tc {

// Cuts off and returns what stands before the first `separator`, or everything.
inline std::string_view take_field(std::string_view* rest, char separator) {
  size_t end = rest->find(separator);
  std::string_view field = rest->substr(0, end);
  rest->remove_prefix(end == std::string_view::npos ? rest->size() : end + 1);
  return field;
}

inline bool parse_address_field(std::string_view field, InetAddress* address) {
  char text[INET6_ADDRSTRLEN];
  if (field.size() >= sizeof text) return false;
  memcpy(text, field.data(), field.size());
  text[field.size()] = '\0';
  return parse_inet_address(text, address);
}

}  // namespace tc
