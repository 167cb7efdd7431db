// How a container is connected, as monitor.json says it. Field by field the contract is src/runtime/monitor-spec.ts.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../common/child_link.h"

namespace tc {

template <typename T>
struct List {
  const T* items = nullptr;
  size_t count = 0;
  const T* begin() const { return items; }
  const T* end() const { return items + count; }
  const T& operator[](size_t i) const { return items[i]; }
};

struct KeyValue {
  const char* key;
  const char* value;
};

struct EndpointSpec {
  const char* network_id;
  const char* bridge;
  ChildLink below;  // without a parent: a veth pair into `bridge`
  bool isolated;
  const char* host_interface;
  const char* interface;
  const char* mac;
  uint32_t mtu;
  const char* ipv4;          // "10.1.2.3/22" or null
  const char* ipv4_gateway;  // or null
  const char* ipv6;
  const char* ipv6_gateway;
  List<const char*> link_local;  // "169.254.1.2/16"
  List<KeyValue> sysctls;        // "net/ipv4/conf/eth0/log_martians" -> "1"
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

struct DnsSpec {
  bool enabled;
  List<const char*> upstreams;
  List<KeyValue> links;  // alias -> name
};

enum class NetworkMode : uint8_t { Private, Host, Join };

struct NetworkSpec {
  NetworkMode mode;
  const char* join_control;  // or null
  List<EndpointSpec> endpoints;
  DnsSpec dns;
  List<PublishedPort> ports;
  bool named_when_healthy;  // under names that others have too
};

}  // namespace tc
