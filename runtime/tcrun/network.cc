// The container's end of its networks: namespace, veth pairs, addresses, routes, sysctls.
#include "network.h"

#include <fcntl.h>
#include <sched.h>

#include <cstdlib>

#include "../common/rtnl.h"
#include "../common/sysctl.h"
#include "namespace_visit.h"

namespace tc {

namespace {

constexpr char own_namespace[] = "/proc/self/ns/net";

Error invalid(const char* what) { return fail_with(EINVAL, "set up network", "parse", what); }

Error create_endpoint(Rtnl& host, const EndpointSpec& endpoint, int netns) {
  MacAddress mac;
  if (!parse_mac(endpoint.mac, &mac)) return invalid(endpoint.mac);
  if (endpoint.below.parent) {
    return host.create_child_link({endpoint.below, endpoint.interface, mac, endpoint.mtu, netns});
  }
  VethRequest request = {endpoint.host_interface, endpoint.interface, mac, endpoint.mtu, netns, endpoint.bridge,
                         endpoint.isolated};
  if (Error error = host.create_veth(request)) return error;
  // A bridge port needs no address of its own; written before the other end comes up and would cause one.
  return write_sysctl("1", "net/ipv6/conf/%s/disable_ipv6", endpoint.host_interface);
}

// Which endpoints the namespace has already, from before a restart.
Error find_interfaces(Rtnl& inside, const NetworkSpec& spec, bool* present) {
  for (size_t i = 0; i < spec.endpoints.count; i++) {
    int index;
    Error error = inside.link_index(spec.endpoints[i].interface, &index);
    if (error && error.errnum != ENODEV) return error;
    present[i] = !error;
  }
  return {};
}

Error create_endpoints(Rtnl& host, const NetworkSpec& spec, const bool* present, int netns) {
  for (size_t i = 0; i < spec.endpoints.count; i++) {
    if (present[i]) continue;
    const EndpointSpec& endpoint = spec.endpoints[i];
    Error error = create_endpoint(host, endpoint, netns);
    if (error.errnum == EEXIST) {
      // The other end is in a namespace that the kernel is still taking down, after a monitor was killed.
      Error removed = host.delete_link(endpoint.host_interface);
      if (removed && removed.errnum != ENODEV) return removed;
      error = create_endpoint(host, endpoint, netns);
    }
    if (error) return error;
  }
  return {};
}

// Before the interface is up: no address that nobody asked for. With the notify settings, announce() is heard.
Error write_interface_sysctls(const EndpointSpec& endpoint) {
  const char* name = endpoint.interface;
  if (Error error = write_sysctl("1", "net/ipv4/conf/%s/arp_notify", name)) return error;
  if (!endpoint.ipv6) return write_sysctl("1", "net/ipv6/conf/%s/disable_ipv6", name);
  if (Error error = write_sysctl("0", "net/ipv6/conf/%s/disable_ipv6", name)) return error;
  if (Error error = write_sysctl("0", "net/ipv6/conf/%s/accept_ra", name)) return error;
  if (Error error = write_sysctl("0", "net/ipv6/conf/%s/accept_dad", name)) return error;
  return write_sysctl("1", "net/ipv6/conf/%s/ndisc_notify", name);
}

Error add_address(Rtnl& inside, int index, const char* text) {
  InetAddress address;
  if (!text) return {};
  if (!parse_inet_address(text, &address)) return invalid(text);
  return inside.ensure_address(index, address);
}

Error configure_interface(Rtnl& inside, const EndpointSpec& endpoint, int* index) {
  if (Error error = inside.link_index(endpoint.interface, index)) return error;
  if (Error error = write_interface_sysctls(endpoint)) return error;
  for (const char* text : {endpoint.ipv4, endpoint.ipv6}) {
    if (Error error = add_address(inside, *index, text)) return error;
  }
  for (const char* text : endpoint.link_local) {
    if (Error error = add_address(inside, *index, text)) return error;
  }
  for (const KeyValue& setting : endpoint.sysctls) {
    if (Error error = write_sysctl(setting.value, "%s", setting.key)) return error;
  }
  return inside.set_up(*index);
}

Error add_default_routes(Rtnl& inside, const EndpointSpec& endpoint, int index) {
  for (const char* text : {endpoint.ipv4_gateway, endpoint.ipv6_gateway}) {
    InetAddress gateway;
    if (!text || !endpoint.is_default) continue;
    if (!parse_inet_address(text, &gateway)) return invalid(text);
    if (Error error = inside.ensure_default_route(index, gateway)) return error;
  }
  return {};
}

Error configure_endpoints(Rtnl& inside, const NetworkSpec& spec) {
  for (const EndpointSpec& endpoint : spec.endpoints) {
    int index;
    if (Error error = configure_interface(inside, endpoint, &index)) return error;
    if (Error error = add_default_routes(inside, endpoint, index)) return error;
  }
  return {};
}

// A bridge forwards nothing to a port until the kernel's link watch has noticed that its link is up, nor sends anything
// itself before its first port is. What the container sends until then is lost, and sent again a second later.
Error await_links(Rtnl& host, const NetworkSpec& spec) {
  for (const EndpointSpec& endpoint : spec.endpoints) {
    if (endpoint.below.parent) continue;
    for (const char* link : {endpoint.host_interface, endpoint.bridge}) {
      if (Error error = host.await_operational(link)) return error;
    }
  }
  return {};
}

// Neighbours may still know an address as another container's, which had it before.
Error announce(Rtnl& inside, const NetworkSpec& spec) {
  for (const EndpointSpec& endpoint : spec.endpoints) {
    MacAddress mac;
    if (endpoint.below.parent && endpoint.below.type == LinkType::Ipvlan) continue;
    if (!parse_mac(endpoint.mac, &mac)) return invalid(endpoint.mac);
    if (Error error = inside.announce(endpoint.interface, mac)) return error;
  }
  return {};
}

}  // namespace

Error NamespaceVisit::remember_home() {
  home_.reset(open(own_namespace, O_RDONLY | O_CLOEXEC));
  return home_ ? Error{} : fail("enter network namespace", "open", own_namespace);
}

Error NamespaceVisit::enter(int netns) {
  if (Error error = remember_home()) return error;
  if (setns(netns, CLONE_NEWNET) == 0) return {};
  Error error = fail("enter network namespace", "setns");
  home_.reset();
  return error;
}

Error NamespaceVisit::enter_new() {
  if (Error error = remember_home()) return error;
  if (unshare(CLONE_NEWNET) == 0) return {};
  Error error = fail("make network namespace", "unshare");
  home_.reset();
  return error;
}

void NamespaceVisit::leave() {
  if (home_ && setns(home_.get(), CLONE_NEWNET)) abort();
  home_.reset();
}

Error make_network_namespace(int* netns) {
  NamespaceVisit visit;
  if (Error error = visit.enter_new()) return error;
  *netns = open(own_namespace, O_RDONLY | O_CLOEXEC);
  return *netns < 0 ? fail("make network namespace", "open", own_namespace) : Error{};
}

Error bring_up_loopback(int netns) {
  // The same in every namespace (LOOPBACK_IFINDEX of the kernel).
  constexpr int loopback = 1;
  Rtnl inside;
  NamespaceVisit visit;
  if (Error error = visit.enter(netns)) return error;
  if (Error error = inside.open()) return error;
  return inside.set_up(loopback);
}

Error set_up_network(const NetworkSpec& spec, int netns) {
  // Interface names are eth0, eth1, ...: a container with more networks than this has other troubles.
  constexpr size_t max_endpoints = 128;
  bool present[max_endpoints] = {};
  if (spec.endpoints.count > max_endpoints) return fail_with(E2BIG, "set up network", "parse", "endpoints");

  Rtnl host;
  Rtnl inside;
  if (Error error = host.open()) return error;
  {
    NamespaceVisit visit;
    if (Error error = visit.enter(netns)) return error;
    if (Error error = inside.open()) return error;
  }
  if (Error error = find_interfaces(inside, spec, present)) return error;
  if (Error error = create_endpoints(host, spec, present, netns)) return error;
  {
    NamespaceVisit visit;
    if (Error error = visit.enter(netns)) return error;
    if (Error error = configure_endpoints(inside, spec)) return error;
  }
  if (Error error = await_links(host, spec)) return error;
  return announce(inside, spec);
}

}  // namespace tc
