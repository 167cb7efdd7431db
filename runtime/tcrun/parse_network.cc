// The network of monitor.json.
#include "parse_network.h"

namespace tc {

namespace {

constexpr int64_t kMaxU32 = UINT32_MAX;

// Members of an object whose values are strings.
List<KeyValue> parse_pairs(Decoder& in, const Json* json, const char* name) {
  const Json* object = in.optional_object(json, name);
  if (!object || object->length == 0) return {};
  KeyValue* items = in.arena().make<KeyValue>(object->length);
  size_t i = 0;
  for (const Json* child = object->first; child; child = child->next) {
    items[i++] = {in.arena().copy(child->key), in.string(object, child->key)};
  }
  return {items, i};
}

// The kernel's numbers: linux/if_link.h, MACVLAN_MODE_* are bits, IPVLAN_MODE_* count.
void parse_below(Decoder& in, const Json* json, ChildLink* link) {
  static const char* const kTypes[] = {"macvlan", "ipvlan", nullptr};
  static const char* const kMacvlanModes[] = {"private", "vepa", "bridge", "passthru", nullptr};
  static const char* const kIpvlanModes[] = {"l2", "l3", "l3s", nullptr};
  if (!json) return;
  link->parent = in.string(json, "parent");
  link->type = LinkType(in.word(json, "type", kTypes));
  link->mode = link->type == LinkType::Macvlan ? 1u << in.word(json, "mode", kMacvlanModes)
                                               : uint32_t(in.word(json, "mode", kIpvlanModes));
}

void parse_endpoint(Decoder& in, const Json* item, EndpointSpec* endpoint) {
  endpoint->network_id = in.string(item, "networkId");
  endpoint->bridge = in.string(item, "bridge");
  parse_below(in, in.optional_object(item, "below"), &endpoint->below);
  endpoint->isolated = in.boolean(item, "isolated", false);
  endpoint->host_interface = in.string(item, "hostInterface");
  endpoint->interface = in.string(item, "interface");
  endpoint->mac = in.string(item, "mac");
  endpoint->mtu = uint32_t(in.integer(item, "mtu", 68, 65535));
  endpoint->ipv4 = in.optional_string(item, "ipv4");
  endpoint->ipv4_gateway = in.optional_string(item, "ipv4Gateway");
  endpoint->ipv6 = in.optional_string(item, "ipv6");
  endpoint->ipv6_gateway = in.optional_string(item, "ipv6Gateway");
  endpoint->link_local = in.strings(item, "linkLocal");
  endpoint->sysctls = parse_pairs(in, item, "sysctls");
  endpoint->is_default = in.boolean(item, "isDefault", false);
  endpoint->slot = uint32_t(in.integer(item, "slot", 0, kMaxU32));
  endpoint->network_run_dir = in.absolute_path(item, "networkRunDir");
}

void parse_port(Decoder& in, const Json* item, PublishedPort* port) {
  static const char* const kProtocols[] = {"tcp", "udp", nullptr};
  port->udp = in.word(item, "protocol", kProtocols) == 1;
  port->address = in.string(item, "address");
  port->port = uint16_t(in.integer(item, "port", 1, 65535));
  port->target = uint16_t(in.integer(item, "target", 1, 65535));
  port->target_address = in.string(item, "targetAddress");
  port->group = in.absolute_path(item, "group");
}

void parse_dns(Decoder& in, const Json* json, DnsSpec* dns) {
  if (!json) return;
  dns->enabled = true;
  dns->upstreams = in.strings(json, "upstreams");
  dns->links = parse_pairs(in, json, "links");
}

}  // namespace

void parse_network(Decoder& in, const Json* json, NetworkSpec* network) {
  static const char* const kModes[] = {"private", "host", "join", nullptr};
  network->mode = NetworkMode(in.word(json, "mode", kModes));
  network->join_control = in.optional_string(json, "joinControl");
  network->endpoints = in.list<EndpointSpec>(
      json, "endpoints", [&](const Json* item, EndpointSpec* endpoint) { parse_endpoint(in, item, endpoint); });
  parse_dns(in, in.optional_object(json, "dns"), &network->dns);
  network->ports = in.list<PublishedPort>(
      json, "ports", [&](const Json* item, PublishedPort* port) { parse_port(in, item, port); });
  network->named_when_healthy = in.boolean(json, "namedWhenHealthy", false);
}

}  // namespace tc
