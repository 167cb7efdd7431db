// A published socket as it came from the CLI, with where its traffic goes. The relay carries by copying what nf_tables
// cannot redirect: ::1, IPv6 to IPv4, hosts without nf_tables.
#pragma once
#include <sys/socket.h>

#include "group_view.h"

namespace tc {

struct RelayPort {
  int socket;
  bool udp;
  sockaddr_storage target;
  socklen_t target_size;
  GroupView group;
};

// What is waiting at a published socket of which this container may not serve anything now is looked at again after
// this time, in case nobody else takes it.
constexpr int64_t relay_pause_ms = 100;

}  // namespace tc
