// Networks of the host: published sockets, bridges, links, subnets, the firewall table.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <set>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "../common/firewall.h"
#include "../common/forwarding.h"
#include "../common/rtnl.h"
#include "../common/sysctl.h"
#include "addon.h"
#include "port_holder.h"

namespace tc {

namespace {

// Connections wait here while no replica accepts; the kernel cuts it to net.core.somaxconn.
constexpr int backlog = 4096;

std::string text_member(const Napi::Object& object, const char* name) {
  return object.Get(name).ToString().Utf8Value();
}
bool flag_member(const Napi::Object& object, const char* name) { return object.Get(name).ToBoolean(); }
uint32_t number_member(const Napi::Object& object, const char* name) {
  return object.Get(name).ToNumber().Uint32Value();
}

Error parse_port(const Napi::Object& request, PortGroup* group) {
  std::string address = text_member(request, "address");
  uint32_t port = number_member(request, "port");
  group->udp = text_member(request, "protocol") == "udp";
  group->port = static_cast<uint16_t>(port);
  if (!parse_inet_address(address.c_str(), &group->address)) {
    return fail_with(EINVAL, "publish port", "inet_pton", address.c_str());
  }
  return port > 65535 ? fail_with(ERANGE, "publish port", "bind") : Error{};
}

Error bind_published(const PortGroup& port, const char* name, Fd* result, uint16_t* bound) {
  int type = (port.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  Fd socket(::socket(port.address.family, type, 0));
  if (!socket) return fail("publish port", "socket", name);
  int on = 1;
  if (!port.address.is_v4()) setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  // For TCP it means: in spite of connections in TIME_WAIT. For UDP it would mean sharing the port.
  if (!port.udp) setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage address;
  socklen_t size = to_sockaddr(port.address, port.port, &address);
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size)) return fail("publish port", "bind", name);
  if (!port.udp && listen(socket.get(), backlog)) return fail("publish port", "listen", name);
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size)) {
    return fail("publish port", "getsockname", name);
  }
  // The port stands at the same place in both families.
  *bound = ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
  *result = std::move(socket);
  return {};
}

Napi::Value bind_published(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object request = info[0].ToObject();
  PortGroup port;
  if (Error error = parse_port(request, &port)) return throw_error(env, error);
  std::string name = text_member(request, "address") + " port " + std::to_string(port.port);
  Fd socket;
  uint16_t bound = 0;
  if (Error error = bind_published(port, name.c_str(), &socket, &bound)) return throw_error(env, error);
  Napi::Object result = Napi::Object::New(env);
  result.Set("socket", socket.release());
  result.Set("port", bound);
  return result;
}

Napi::Value find_port_holder(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  PortGroup port;
  if (Error error = parse_port(info[0].ToObject(), &port)) return throw_error(env, error);
  std::string holder = find_port_holder(port.udp, port.address, port.port);
  return holder.empty() ? env.Undefined() : Napi::String::New(env, holder);
}

// Calls `list` again while the kernel says that what it listed changed meanwhile.
template <typename List>
Error list_consistently(List&& list) {
  constexpr int attempts = 16;
  Rtnl rtnl;
  Error error = rtnl.open();
  for (int i = 0; i < attempts && (i == 0 ? !error : error.errnum == EINTR); i++) error = list(rtnl);
  return error;
}

Napi::Value list_subnets(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::set<std::string> subnets;
  Error error = list_consistently([&](Rtnl& rtnl) {
    return rtnl.list_subnets([&](const InetAddress& subnet) {
      char text[inet_text_size];
      format_cidr(subnet, text);
      subnets.insert(text);
    });
  });
  if (error) return throw_error(env, error);
  Napi::Array result = Napi::Array::New(env, subnets.size());
  uint32_t index = 0;
  for (const std::string& subnet : subnets) result.Set(index++, subnet);
  return result;
}

bool parse_addresses(const Napi::Value& list, std::vector<InetAddress>* addresses, std::string* bad) {
  Napi::Array texts = list.As<Napi::Array>();
  for (uint32_t i = 0; i < texts.Length(); i++) {
    InetAddress address;
    *bad = texts.Get(i).ToString().Utf8Value();
    if (!parse_inet_address(bad->c_str(), &address)) return false;
    addresses->push_back(address);
  }
  return true;
}

// Before the bridge is up, so that it never answers a router advertisement or has an address nobody asked for.
Error write_bridge_sysctls(const char* name, bool ipv6) {
  if (Error error = write_sysctl("0", "net/ipv6/conf/%s/accept_ra", name)) return error;
  if (Error error = write_sysctl("0", "net/ipv6/conf/%s/accept_dad", name)) return error;
  if (Error error = write_sysctl(ipv6 ? "0" : "1", "net/ipv6/conf/%s/disable_ipv6", name)) return error;
  // Replies of a container on two networks may come back by the other one.
  if (Error error = write_sysctl("2", "net/ipv4/conf/%s/rp_filter", name)) return error;
  // 127.0.0.1 reaches published ports; the raw chain keeps containers away from the host's loopback.
  return write_sysctl("1", "net/ipv4/conf/%s/route_localnet", name);
}

Error create_bridge(const char* name, const MacAddress& mac, uint32_t mtu, const std::vector<InetAddress>& addresses) {
  Rtnl rtnl;
  int index;
  if (Error error = rtnl.open()) return error;
  if (Error error = rtnl.ensure_bridge(name, mac, mtu, &index)) return error;
  bool ipv6 = false;
  for (const InetAddress& address : addresses) ipv6 = ipv6 || !address.is_v4();
  if (Error error = write_bridge_sysctls(name, ipv6)) return error;
  for (const InetAddress& address : addresses) {
    if (Error error = rtnl.ensure_address(index, address)) return error;
  }
  return rtnl.set_up(index);
}

Napi::Value create_bridge(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object request = info[0].ToObject();
  std::string name = text_member(request, "name");
  MacAddress mac;
  std::vector<InetAddress> addresses;
  std::string bad = text_member(request, "mac");
  if (!parse_mac(bad.c_str(), &mac) || !parse_addresses(request.Get("addresses"), &addresses, &bad)) {
    return throw_error(env, fail_with(EINVAL, "create bridge", "parse", bad.c_str()));
  }
  Error error = create_bridge(name.c_str(), mac, number_member(request, "mtu"), addresses);
  return error ? throw_error(env, error) : env.Undefined();
}

Napi::Value list_links(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array result;
  Error error = list_consistently([&](Rtnl& rtnl) {
    result = Napi::Array::New(env);
    return rtnl.list_links([&](const LinkInfo& link) {
      Napi::Object entry = Napi::Object::New(env);
      entry.Set("name", link.name);
      entry.Set("index", link.index);
      entry.Set("kind", link.kind);
      entry.Set("up", link.up);
      result.Set(result.Length(), entry);
    });
  });
  return error ? throw_error(env, error) : result;
}

// A link that is gone already is as good as removed.
Error remove_link(const char* name) {
  Rtnl rtnl;
  if (Error error = rtnl.open()) return error;
  Error error = rtnl.delete_bridge(name);
  return error.errnum == ENODEV ? Error{} : error;
}

Napi::Value remove_link(const Napi::CallbackInfo& info) {
  Error error = remove_link(info[0].ToString().Utf8Value().c_str());
  return error ? throw_error(info.Env(), error) : info.Env().Undefined();
}

// A step's strings and lists, which FirewallStep points into.
struct StepStorage {
  std::string bridge;
  std::vector<InetAddress> subnets;
  std::vector<Backend> backends;
};

bool parse_kind(const std::string& name, FirewallStep::Kind* kind) {
  using Kind = FirewallStep::Kind;
  static constexpr std::pair<const char*, Kind> kinds[] = {
      {"ensure-table", Kind::EnsureTable}, {"add-network", Kind::AddNetwork},   {"remove-network", Kind::RemoveNetwork},
      {"set-group", Kind::SetGroup},       {"remove-group", Kind::RemoveGroup}, {"remove-table", Kind::RemoveTable}};
  for (const auto& [text, value] : kinds) {
    if (name != text) continue;
    *kind = value;
    return true;
  }
  return false;
}

Error parse_backends(const Napi::Value& list, std::vector<Backend>* backends) {
  Napi::Array slots = list.As<Napi::Array>();
  for (uint32_t i = 0; i < slots.Length(); i++) {
    Napi::Object slot = slots.Get(i).ToObject();
    std::string text = text_member(slot, "address");
    Backend backend;
    backend.port = static_cast<uint16_t>(number_member(slot, "port"));
    if (!parse_inet_address(text.c_str(), &backend.address)) {
      return fail_with(EINVAL, "update firewall", "inet_pton", text.c_str());
    }
    backends->push_back(backend);
  }
  return {};
}

Error parse_step(const Napi::Object& object, StepStorage* storage, FirewallStep* step) {
  using Kind = FirewallStep::Kind;
  std::string name = text_member(object, "step");
  if (!parse_kind(name, &step->kind)) return fail_with(EINVAL, "update firewall", "parse", name.c_str());
  step->forward_drop = flag_member(object, "forwardDrop");
  if (step->kind == Kind::AddNetwork || step->kind == Kind::RemoveNetwork) {
    storage->bridge = text_member(object, "bridge");
    std::string bad;
    if (!parse_addresses(object.Get("subnets"), &storage->subnets, &bad)) {
      return fail_with(EINVAL, "update firewall", "inet_pton", bad.c_str());
    }
    step->bridge = storage->bridge.c_str();
    step->subnets = storage->subnets.data();
    step->subnet_count = storage->subnets.size();
    step->internal = flag_member(object, "internal");
    step->masquerade = flag_member(object, "masquerade");
    step->communicates = flag_member(object, "communicates");
  }
  if (step->kind == Kind::SetGroup || step->kind == Kind::RemoveGroup) {
    if (Error error = parse_port(object, &step->group)) return error;
  }
  if (step->kind == Kind::SetGroup) {
    if (Error error = parse_backends(object.Get("slots"), &storage->backends)) return error;
    step->backends = storage->backends.data();
    step->backend_count = storage->backends.size();
  }
  return {};
}

// Opened once; see firewall.h for why it is never closed.
Error firewall_socket(NetlinkSocket** socket) {
  static auto& kept = *new NetlinkSocket;
  *socket = &kept;
  return kept.is_open() ? Error{} : kept.open(NETLINK_NETFILTER);
}

Napi::Value update_firewall(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string table = info[0].ToString().Utf8Value();
  Napi::Array list = info[1].As<Napi::Array>();
  std::vector<FirewallStep> steps(list.Length());
  std::vector<StepStorage> storage(steps.size());
  for (uint32_t i = 0; i < steps.size(); i++) {
    Error error = parse_step(list.Get(i).ToObject(), &storage[i], &steps[i]);
    if (error) return throw_error(env, error);
  }
  NetlinkSocket* socket;
  Error error = firewall_socket(&socket);
  if (!error) error = update_firewall(*socket, table.c_str(), steps.data(), steps.size());
  return error ? throw_error(env, error) : env.Undefined();
}

}  // namespace

void init_network(Napi::Env, Napi::Object exports) {
  set_function(exports, "bindPublished", bind_published);
  set_function(exports, "findPortHolder", find_port_holder);
  set_function(exports, "listSubnets", list_subnets);
  set_function(exports, "createBridge", create_bridge);
  set_function(exports, "listLinks", list_links);
  set_function(exports, "removeLink", remove_link);
  set_function(exports, "updateFirewall", update_firewall);
}

}  // namespace tc
