// Order as Docker's: links of this container, then its networks one after the other; the first that knows, answers.
#include "dns_resolver.h"

#include <strings.h>
#include <sys/random.h>

#include <cstring>
#include <new>

#include "event_loop.h"
#include "fields.h"

namespace tc {

namespace {

bool is_in(const InetAddress& address, InetAddress subnet) {
  InetAddress other = address;
  other.prefix = subnet.prefix;
  return address.family == subnet.family && first_of(other) == first_of(subnet);
}

}  // namespace

Error DnsResolver::open(const NetworkSpec& spec) {
  spec_ = &spec;
  if (Error error = map_array(spec.endpoints.count, &zones_)) return error;
  if (Error error = map_array(2 * spec.endpoints.count, &subnets_)) return error;
  if (Error error = map_array(max_addresses, &addresses_)) return error;
  for (const EndpointSpec& endpoint : spec.endpoints) {
    auto* zone = new (zones_ + zone_count_++) DnsZone;
    if (Error error = zone->open(endpoint.network_run_dir)) return error;
    for (const char* text : {endpoint.ipv4, endpoint.ipv6}) {
      if (text && parse_inet_address(text, &subnets_[subnet_count_])) subnet_count_++;
    }
  }
  return {};
}

Error DnsResolver::refresh() {
  for (size_t i = 0; i < zone_count_; i++) {
    if (Error error = zones_[i].refresh()) return error;
  }
  return {};
}

size_t DnsResolver::answer(const uint8_t* message, const DnsQuery& query, uint8_t* buffer, size_t limit) {
  if (query.klass != dns_class_in || !query.name[0]) return 0;
  if (refresh()) return DnsAnswer(buffer, limit, message, query, DnsCode::ServFail).finish();
  if (query.type == dns_type_ptr) return answer_reverse(message, query, buffer, limit);
  Found found = find(query.name);
  if (found == Found::Nothing) return 0;
  // It is one of ours, so nobody else shall be asked, whatever the type: no address is an empty answer.
  DnsAnswer answer(buffer, limit, message, query, found == Found::Running ? DnsCode::NoError : DnsCode::NxDomain);
  shuffle();
  for (size_t i = 0; i < address_count_; i++) {
    uint16_t type = addresses_[i].is_v4() ? dns_type_a : dns_type_aaaa;
    if (query.type == type || query.type == dns_type_any) answer.add_address(addresses_[i]);
  }
  return answer.finish();
}

DnsResolver::Found DnsResolver::find(const char* name) {
  for (const KeyValue& link : spec_->dns.links) {
    if (strcasecmp(link.key, name) == 0) return find_in_zones(link.value);
  }
  return find_in_zones(name);
}

DnsResolver::Found DnsResolver::find_in_zones(std::string_view name) {
  Found found = Found::Nothing;
  address_count_ = 0;
  for (size_t i = 0; i < zone_count_ && found != Found::Running; i++) {
    Presence wanted = Presence::Newcomer;
    zones_[i].find(name, [&](const DnsEndpoint& endpoint) {
      if (endpoint.presence == Presence::Running) wanted = Presence::Running;
    });
    zones_[i].find(name, [&](const DnsEndpoint& endpoint) {
      if (found != Found::Running) found = endpoint.presence == wanted ? Found::Running : Found::Stopped;
      if (endpoint.presence == wanted) collect(endpoint);
    });
  }
  return found;
}

void DnsResolver::collect(const DnsEndpoint& endpoint) {
  for (std::string_view text : {endpoint.ipv4, endpoint.ipv6}) {
    if (address_count_ < max_addresses && parse_address_field(text, &addresses_[address_count_])) address_count_++;
  }
}

// Fisher-Yates; clients take the first address.
void DnsResolver::shuffle() {
  if (address_count_ < 2) return;
  uint32_t random[max_addresses];
  if (getrandom(random, address_count_ * sizeof *random, 0) < 0) return;
  for (size_t i = address_count_ - 1; i > 0; i--) {
    InetAddress& other = addresses_[random[i] % (i + 1)];
    InetAddress swapped = addresses_[i];
    addresses_[i] = other;
    other = swapped;
  }
}

bool DnsResolver::find_reverse(const InetAddress& address, char (&name)[dns_name_size]) {
  for (size_t i = 0; i < zone_count_; i++) {
    bool found = false;
    zones_[i].for_each([&](const DnsEndpoint& endpoint) {
      InetAddress own;
      std::string_view text = address.is_v4() ? endpoint.ipv4 : endpoint.ipv6;
      if (found || endpoint.presence == Presence::Absent || !parse_address_field(text, &own) || !(own == address)) return;
      size_t size = endpoint.primary.size();
      if (size >= sizeof name) return;
      memcpy(name, endpoint.primary.data(), size);
      name[size] = '\0';
      found = true;
    });
    if (found) return true;
  }
  return false;
}

bool DnsResolver::is_own(const InetAddress& address) const {
  for (size_t i = 0; i < subnet_count_; i++) {
    if (is_in(address, subnets_[i])) return true;
  }
  return false;
}

size_t DnsResolver::answer_reverse(const uint8_t* message, const DnsQuery& query, uint8_t* buffer, size_t limit) {
  InetAddress address;
  char name[dns_name_size];
  if (!parse_reverse_name(query.name, &address)) return 0;
  bool found = find_reverse(address, name);
  if (!found && !is_own(address)) return 0;
  DnsAnswer answer(buffer, limit, message, query, found ? DnsCode::NoError : DnsCode::NxDomain);
  if (found) answer.add_name(name);
  return answer.finish();
}

}  // namespace tc
