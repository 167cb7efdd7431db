// Whether somebody is still connected to a container, and the kernel's word for it when that may have changed.
#pragma once
#include "../common/fd.h"
#include "../common/netlink.h"

namespace tc {

class InboundConnections {
 public:
  // Of the network namespace `netns`. Fails where the kernel has no sock_diag for TCP.
  Error open(int netns);
  // Readable when a TCP socket was destroyed.
  Fd& notices() { return notices_; }
  void take_notices();
  // TCP connections to ports that somebody listens on, but those of the container to itself.
  Error count(size_t* connections);

 private:
  Fd notices_;
  NetlinkSocket queries_;
};

}  // namespace tc
