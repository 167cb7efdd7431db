// sock_diag(7): listing sockets of a namespace, and multicast groups that tell of destroyed ones.
#include "drain.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>

#include "namespace_visit.h"

namespace tc {

namespace {

constexpr char kStep[] = "drain";

// Which ports are listened on: a bit each.
struct PortSet {
  uint64_t bits[65536 / 64] = {};
  void add(uint16_t port) { bits[port / 64] |= uint64_t(1) << (port % 64); }
  bool has(uint16_t port) const { return bits[port / 64] >> (port % 64) & 1; }
};

template <typename Handler>
Error list_sockets(NetlinkSocket& queries, uint32_t states, Handler handle) {
  for (uint8_t family : {AF_INET, AF_INET6}) {
    inet_diag_req_v2 request{};
    request.sdiag_family = family;
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_states = states;
    NetlinkBuffer buffer;
    buffer.begin(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, request);
    Error error = queries.query(buffer, kStep, [&](const nlmsghdr* message) {
      if (const inet_diag_msg* socket = header_of<inet_diag_msg>(message)) handle(*socket);
    });
    // EINTR: the list changed under the kernel's hands. What changes will be told, and then counted again.
    if (error && error.errnum != EINTR) return error;
  }
  return {};
}

bool is_own(const inet_diag_msg& socket) {
  const uint32_t* address = socket.id.idiag_dst;
  if (memcmp(address, socket.id.idiag_src, sizeof socket.id.idiag_src) == 0) return true;
  if (socket.idiag_family == AF_INET) return ntohl(address[0]) >> 24 == 127;
  bool is_mapped = !address[0] && !address[1] && ntohl(address[2]) == 0xffff;
  if (is_mapped) return ntohl(address[3]) >> 24 == 127;
  return !address[0] && !address[1] && !address[2] && ntohl(address[3]) == 1;
}

Error open_notices(Fd* notices) {
  notices->reset(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  if (!*notices) return fail(kStep, "socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(notices->get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fail(kStep, "bind");
  for (int group : {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY}) {
    int joined = setsockopt(notices->get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
    if (joined != 0) return fail(kStep, "setsockopt");
  }
  return {};
}

}  // namespace

Error InboundConnections::open(int netns) {
  NamespaceVisit visit;
  Error error = visit.enter(netns);
  if (error.ok()) error = open_notices(&notices_);
  if (error.ok()) error = queries_.open(NETLINK_SOCK_DIAG);
  return error;
}

// What they say does not matter, nor does a notice that was lost (ENOBUFS): the sockets are listed again in any case.
void InboundConnections::take_notices() {
  char ignored[4096];
  while (recv(notices_.get(), ignored, sizeof ignored, 0) > 0 || errno == ENOBUFS) {
  }
}

Error InboundConnections::count(size_t* connections) {
  PortSet listening;
  *connections = 0;
  Error error = list_sockets(queries_, 1 << TCP_LISTEN, [&](const inet_diag_msg& socket) {
    listening.add(ntohs(socket.id.idiag_sport));
  });
  constexpr uint32_t kOpen = 1 << TCP_ESTABLISHED | 1 << TCP_SYN_RECV | 1 << TCP_FIN_WAIT1 | 1 << TCP_CLOSE_WAIT;
  if (error) return error;
  return list_sockets(queries_, kOpen, [&](const inet_diag_msg& socket) {
    if (listening.has(ntohs(socket.id.idiag_sport)) && !is_own(socket)) ++*connections;
  });
}

}  // namespace tc
