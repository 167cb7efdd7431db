// Descriptors that come over Unix sockets: unix(7), SCM_RIGHTS.
#pragma once
#include <sys/types.h>

#include <cstddef>

#include "fd.h"

namespace tc {

// As recvmsg(2), `errno` included. `fd` is set if a descriptor came with the message, and is close-on-exec; of
// several the first, as the kernel drops those that there is no room for.
ssize_t receive_with_fd(int socket, void* data, size_t size, int flags, Fd* fd);

}  // namespace tc
