// An IPv4 or IPv6 address with a prefix length, and its text.
#pragma once
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>

namespace tc {

struct InetAddress {
  uint8_t family = 0;  // AF_INET or AF_INET6
  uint8_t prefix = 0;  // all bits when the text has none
  uint8_t bytes[16] = {};

  size_t size() const { return family == AF_INET ? 4 : 16; }
  bool is_v4() const { return family == AF_INET; }
  // 0.0.0.0 or ::
  bool is_any() const;
  bool operator==(const InetAddress& other) const;
};

// "10.1.2.3", "10.1.2.3/22", "fd00::1/64"; false for anything else, scope ids included.
bool parse_inet_address(const char* text, InetAddress* address);

// First and last address of the subnet.
InetAddress first_of(const InetAddress& subnet);
InetAddress last_of(const InetAddress& subnet);

constexpr size_t inet_text_size = INET6_ADDRSTRLEN + 4;
// "10.1.2.3/22".
void format_cidr(const InetAddress& address, char (&text)[inet_text_size]);

// For bind and connect.
socklen_t to_sockaddr(const InetAddress& address, uint16_t port, sockaddr_storage* storage);

}  // namespace tc
