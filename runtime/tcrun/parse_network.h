// The network of monitor.json.
#pragma once
#include "decoder.h"
#include "network_spec.h"

namespace tc {

void parse_network(Decoder& in, const Json* json, NetworkSpec* network);

}  // namespace tc
