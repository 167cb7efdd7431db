// The monitor's view of networking. Implemented in network.cc, network_child.cc, dns.cc, relay.cc, port_group.cc on top
// of runtime/common/{rtnl,nft}. The monitor calls these; nothing here blocks longer than a netlink round trip.
#pragma once
#include "../common/error.h"
#include "presence.h"
#include "spec.h"

namespace tc {

// Makes a network namespace and returns its descriptor (close-on-exec) without leaving the caller in it.
Error make_network_namespace(int* netns);

Error bring_up_loopback(int netns);

// Veths, addresses, routes and sysctls of all endpoints, from the host's namespace.
// Idempotent on a namespace that already has them (restart with a kept namespace).
Error set_up_network(const NetworkSpec& spec, int netns);

// Starts the network child: DNS on 127.0.0.11 in `netns`, whose loopback is up, and the relay for `sockets`. Its pid and
// a control descriptor; nothing to serve: *pid = 0. What it is sent waits for it from here on, but whether it serves
// is known only once it was awaited.
struct NetworkChild {
  int pid = 0;
  int control = -1;
  // Its empty root, held here as long as it runs: whoever closes the last descriptor of a mount that is nowhere attached
  // waits for the kernel to unmount it (an RCU grace period), and those of all starts come one after the other.
  int root = -1;
};
Error start_network_child(const NetworkSpec& spec, int netns, const int* sockets, size_t socket_count, int null_fd,
                          NetworkChild* child);
// Until it is stripped and ready; one that fails is gone afterwards.
Error await_network_child(NetworkChild* child);
void kill_network_child(NetworkChild* child);
// One that has ended.
void forget_network_child(NetworkChild* child);
// Tells the child whether it may accept on its published port `index` at all. Which of several replicas then serves,
// the child sees in the port group.
void network_child_accept(const NetworkChild& child, size_t index, bool accept);

enum class Health : uint8_t { None, Starting, Healthy, Unhealthy };

// Flips this container's byte in each network's `states` (DNS sees it), and its line in each port group; reassigns
// slots in one nf_tables batch. Who is absent leaves. Fills accept[port index] for network_child_accept.
Error publish_state(const char* table, const char* id, const NetworkSpec& spec, Presence presence, Health health,
                    bool* accept);

}  // namespace tc
