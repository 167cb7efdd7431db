// Addresses: text in, text out, ends of subnets.
#include "inet_address.h"

#include <arpa/inet.h>

#include <cstdio>
#include <cstring>

namespace tc {

namespace {

// Digits only, no sign, no leading zero, at most `limit`.
bool parse_prefix(const char* text, unsigned limit, uint8_t* prefix) {
  unsigned value = 0;
  if (!*text || (text[0] == '0' && text[1])) return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return false;
    value = value * 10 + static_cast<unsigned>(*text - '0');
    if (value > limit) return false;
  }
  *prefix = static_cast<uint8_t>(value);
  return true;
}

// Sets every bit behind the prefix to `bit`.
InetAddress with_host_bits(const InetAddress& subnet, bool bit) {
  InetAddress result = subnet;
  for (size_t i = subnet.prefix; i < subnet.size() * 8; i++) {
    auto mask = static_cast<uint8_t>(0x80 >> (i % 8));
    if (bit) {
      result.bytes[i / 8] = static_cast<uint8_t>(result.bytes[i / 8] | mask);
    } else {
      result.bytes[i / 8] = static_cast<uint8_t>(result.bytes[i / 8] & ~mask);
    }
  }
  return result;
}

}  // namespace

bool InetAddress::is_any() const {
  static constexpr uint8_t zero[16] = {};
  return memcmp(bytes, zero, size()) == 0;
}

bool InetAddress::operator==(const InetAddress& other) const {
  return family == other.family && prefix == other.prefix && memcmp(bytes, other.bytes, size()) == 0;
}

bool parse_inet_address(const char* text, InetAddress* address) {
  char host[INET6_ADDRSTRLEN];
  const char* slash = strchrnul(text, '/');
  auto length = static_cast<size_t>(slash - text);
  if (length >= sizeof host) return false;
  memcpy(host, text, length);
  host[length] = '\0';
  *address = {};
  address->family = memchr(host, ':', length) ? AF_INET6 : AF_INET;
  if (inet_pton(address->family, host, address->bytes) != 1) return false;
  address->prefix = static_cast<uint8_t>(address->size() * 8);
  return !*slash || parse_prefix(slash + 1, address->prefix, &address->prefix);
}

InetAddress first_of(const InetAddress& subnet) { return with_host_bits(subnet, false); }

InetAddress last_of(const InetAddress& subnet) { return with_host_bits(subnet, true); }

void format_cidr(const InetAddress& address, char (&text)[inet_text_size]) {
  inet_ntop(address.family, address.bytes, text, sizeof text);
  size_t length = strlen(text);
  snprintf(text + length, sizeof text - length, "/%u", address.prefix);
}

socklen_t to_sockaddr(const InetAddress& address, uint16_t port, sockaddr_storage* storage) {
  *storage = {};
  if (address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    memcpy(&v4->sin_addr, address.bytes, 4);
    return sizeof *v4;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  memcpy(&v6->sin6_addr, address.bytes, 16);
  return sizeof *v6;
}

}  // namespace tc
