// What this container's own networks can answer: names, links, reverse names. Everything else is somebody else's.
#pragma once
#include "dns_message.h"
#include "dns_zone.h"
#include "spec.h"

namespace tc {

class DnsResolver {
 public:
  // Opens the networks' files; with privileges. `spec` must outlive the resolver.
  Error open(const NetworkSpec& spec);
  // Reads them for the first time; without.
  Error refresh();

  template <typename Visit>
  void visit_descriptors(Visit&& visit) const {
    for (size_t i = 0; i < zone_count_; i++) zones_[i].visit_descriptors(visit);
  }

  // Length of the answer written to `buffer`, of at most `limit` bytes; 0 if the question must be forwarded.
  size_t answer(const uint8_t* message, const DnsQuery& query, uint8_t* buffer, size_t limit);

 private:
  static constexpr size_t max_addresses = 512;

  enum class Found { Nothing, Stopped, Running };
  Found find(const char* name);
  Found find_in_zones(std::string_view name);
  void collect(const DnsEndpoint& endpoint);
  void shuffle();
  bool find_reverse(const InetAddress& address, char (&name)[dns_name_size]);
  bool is_own(const InetAddress& address) const;
  size_t answer_reverse(const uint8_t* message, const DnsQuery& query, uint8_t* buffer, size_t limit);

  const NetworkSpec* spec_ = nullptr;
  DnsZone* zones_ = nullptr;
  size_t zone_count_ = 0;
  InetAddress* subnets_ = nullptr;
  size_t subnet_count_ = 0;
  // Of the answer that is being made.
  InetAddress* addresses_ = nullptr;
  size_t address_count_ = 0;
};

}  // namespace tc
