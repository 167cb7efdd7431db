// Port 53 of 127.0.0.11 without holding it: the container may run a name server of its own on 0.0.0.0:53.
#pragma once
#include <cstdint>

#include "../common/fd.h"
#include "../common/error.h"

namespace tc {

// A UDP and a listening TCP socket on 127.0.0.11 in the caller's network namespace, to which its port 53 leads.
Error open_dns_sockets(Fd* udp, Fd* tcp);

}  // namespace tc
