// Capability names and the kernel calls that set a process's capabilities.
#pragma once
#include "spec.h"

namespace tc {

// "CAP_NET_RAW" -> 13; -1 if unknown.
int capability_number(const char* name);
// Without "CAP_"; null beyond the last that is known here.
const char* capability_name(int number);
// Those that the calling process could put in force.
Error read_permitted(CapabilitySet* permitted);

// Drops from the bounding set what is not in `keep`; needs CAP_SETPCAP in force.
Error limit_bounding_set(CapabilitySet keep);
// Sets permitted, effective and inheritable of the calling process.
Error set_capabilities(CapabilitySet permitted, CapabilitySet effective, CapabilitySet inheritable);
Error set_ambient(CapabilitySet ambient);

}  // namespace tc
