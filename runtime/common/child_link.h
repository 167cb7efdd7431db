// A link of a container that stands on one of the host's.
#pragma once
#include <cstdint>

namespace tc {

enum class LinkType : uint8_t { Macvlan, Ipvlan };

struct ChildLink {
  const char* parent;
  LinkType type;
  uint32_t mode;  // MACVLAN_MODE_* or IPVLAN_MODE_* (linux/if_link.h)
};

}  // namespace tc
