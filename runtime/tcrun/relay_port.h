// A published socket as it came from the CLI, with where its traffic goes. The relay carries by copying what nf_tables
// cannot redirect: ::1, IPv6 to IPv4, hosts without nf_tables.
#pragma once
#include <sys/socket.h>

#include <cstddef>

namespace tc {

struct RelayPort {
  int socket;
  bool udp;
  sockaddr_storage target;
  socklen_t target_size;
};

}  // namespace tc
