// One network's names as its `names` and `states` files tell them (docs/runtime-protocol.md). Opened with privileges,
// read without.
#pragma once
#include <sys/stat.h>

#include <string_view>

#include "../common/error.h"
#include "../common/fd.h"
#include "../common/inet_address.h"
#include "presence.h"

namespace tc {

// One endpoint of the network; views into the mapped file.
struct DnsEndpoint {
  std::string_view ipv4;
  std::string_view ipv6;
  std::string_view primary;
  std::string_view names;
  Presence presence;
};

class DnsZone {
 public:
  DnsZone() = default;
  DnsZone(const DnsZone&) = delete;
  DnsZone& operator=(const DnsZone&) = delete;

  // `directory` is <run>/networks/<id>.
  Error open(const char* directory);
  // What the zone must keep open.
  template <typename Visit>
  void visit_descriptors(Visit&& visit) const {
    visit(directory_.get());
    visit(states_file_.get());
  }

  // Looks whether the files changed. Once before each query.
  Error refresh();

  // Calls `visit(endpoint)` for each endpoint that goes by `name`. True if there is one, running or not.
  template <typename Visit>
  bool find(std::string_view name, Visit&& visit) const {
    bool known = false;
    for_each([&](const DnsEndpoint& endpoint) {
      if (!goes_by(endpoint, name)) return;
      known = true;
      visit(endpoint);
    });
    return known;
  }

  template <typename Visit>
  void for_each(Visit&& visit) const {
    std::string_view rest = text_;
    DnsEndpoint endpoint;
    while (!rest.empty()) {
      if (next_endpoint(&rest, &endpoint)) visit(endpoint);
    }
  }

 private:
  Error map_names(const struct stat& status);
  Error map_states();
  void unmap_names();
  bool next_endpoint(std::string_view* rest, DnsEndpoint* endpoint) const;
  static bool goes_by(const DnsEndpoint& endpoint, std::string_view name);

  Fd directory_;
  Fd states_file_;
  const uint8_t* states_ = nullptr;
  size_t states_size_ = 0;
  void* names_ = nullptr;
  size_t names_size_ = 0;
  struct stat names_status_ = {};
  std::string_view text_;
};

}  // namespace tc
