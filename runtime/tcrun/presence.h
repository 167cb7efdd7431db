// What a network's file `states` says of an endpoint.
#pragma once
#include <cstdint>

namespace tc {

// Where a name means a newcomer and others, only the others answer to it.
enum class Presence : uint8_t { Absent, Running, Newcomer };

}  // namespace tc
