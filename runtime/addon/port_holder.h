// Who has a port.
#pragma once
#include <string>

#include "../common/inet_address.h"

namespace tc {

// "pid 812 (nginx)" for a socket that keeps `address`:`port` from being bound; empty if /proc does not tell.
std::string find_port_holder(bool udp, const InetAddress& address, uint16_t port);

}  // namespace tc
