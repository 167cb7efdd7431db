// monitor.json and config.json as plain structs, parsed once by spec.cc. Field by field the contract is
// src/runtime/monitor-spec.ts and src/runtime/oci-config.ts. Strings point into the arena that parse_spec() was given.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tc {

template <typename T>
struct List {
  const T* items = nullptr;
  size_t count = 0;
  const T* begin() const { return items; }
  const T* end() const { return items + count; }
  const T& operator[](size_t i) const { return items[i]; }
};

struct EndpointSpec {
  const char* network_id;
  const char* bridge;
  const char* host_interface;
  const char* interface;
  const char* mac;
  uint32_t mtu;
  const char* ipv4;          // "10.1.2.3/22" or null
  const char* ipv4_gateway;  // or null
  const char* ipv6;
  const char* ipv6_gateway;
  bool is_default;
  uint32_t slot;
  const char* network_run_dir;
};

struct PublishedPort {
  bool udp;
  const char* address;
  uint16_t port;
  uint16_t target;
  const char* target_address;
  const char* group;
};

struct DnsLink {
  const char* alias;
  const char* name;
};

struct DnsSpec {
  bool enabled;
  List<const char*> upstreams;
  List<DnsLink> links;
};

enum class NetworkMode : uint8_t { Private, Host, Join };

struct NetworkSpec {
  NetworkMode mode;
  const char* join_control;  // or null
  List<EndpointSpec> endpoints;
  DnsSpec dns;
  List<PublishedPort> ports;
};

}  // namespace tc
