// The fixed part of an instance's table: its sets, chains and rules.
#pragma once
#include "nft.h"

namespace tc {

// Sets of interface names.
constexpr char set_bridges[] = "bridges";          // every network
constexpr char set_same_bridge[] = "same_bridge";  // pairs: in and out by one bridge
constexpr char set_internal[] = "internal";        // networks that nothing leaves
// Intervals of addresses, per family: every network's.
constexpr char set_subnets4[] = "subnets4";
constexpr char set_subnets6[] = "subnets6";
// Those that the outside has no route to: masqueraded on the way out, refused on the way in.
constexpr char set_hidden4[] = "hidden4";
constexpr char set_hidden6[] = "hidden6";
// Published ports. Key: [address,] protocol, port, slot. Value: address, port.
constexpr char map_published4[] = "published4";
constexpr char map_published6[] = "published6";
constexpr char map_published_any4[] = "published_any4";
constexpr char map_published_any6[] = "published_any6";

// A chain whose name tells that the table holds this version of the rules.
constexpr char ruleset_marker[] = "rules_1";

// Makes or renews everything but elements. The batch fails with EEXIST if somebody else made it meanwhile.
void put_ruleset(NftBatch& batch);

}  // namespace tc
