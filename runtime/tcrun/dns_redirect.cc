// table inet tcompose-dns { chain output { type nat hook output priority -100;
//   ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:<port>    and the same for tcp } }
#include "dns_redirect.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "../common/nft.h"

namespace tc {

namespace {

constexpr char step[] = "start network child";
constexpr char table[] = "tcompose-dns";
constexpr char chain[] = "output";
constexpr uint32_t dns_address = 0x7f00000b;  // 127.0.0.11, as Docker
constexpr uint16_t dns_port = 53;
constexpr int attempts = 16;
constexpr int backlog = 64;

Error bind_pair(uint16_t port, Fd* udp, Fd* tcp, uint16_t* bound) {
  udp->reset(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  tcp->reset(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!*udp || !*tcp) return fail(step, "socket");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(dns_address);
  socklen_t size = sizeof address;
  if (bind(udp->get(), reinterpret_cast<sockaddr*>(&address), size)) return fail(step, "bind", "127.0.0.11");
  if (getsockname(udp->get(), reinterpret_cast<sockaddr*>(&address), &size)) return fail(step, "getsockname");
  if (bind(tcp->get(), reinterpret_cast<sockaddr*>(&address), size)) return fail(step, "bind", "127.0.0.11");
  *bound = ntohs(address.sin_port);
  return listen(tcp->get(), backlog) ? fail(step, "listen", "127.0.0.11") : Error{};
}

void add_rule(NftBatch& batch, uint8_t protocol, uint16_t port) {
  uint32_t address = htonl(dns_address);
  uint16_t from = htons(dns_port);
  uint16_t to = htons(port);
  NftRule(batch, chain)
      .meta(NFT_META_NFPROTO)
      .equals_byte(NFPROTO_IPV4)
      .payload(NFT_PAYLOAD_NETWORK_HEADER, 16, 4)
      .equals(address)
      .meta(NFT_META_L4PROTO)
      .equals_byte(protocol)
      .payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2)
      .compare(NFT_CMP_EQ, &from, sizeof from)
      .load(&address, sizeof address, register_at(0))
      .load(&to, sizeof to, register_at(1))
      .dnat(NFPROTO_IPV4, register_at(1));
}

Error redirect(uint16_t port) {
  NetlinkSocket socket;
  bool exists;
  if (Error error = socket.open(NETLINK_NETFILTER)) return error;
  // Left by an earlier network child of a namespace that was kept.
  if (Error error = nft_has_chain(socket, table, chain, &exists)) return error;
  NftBatch batch(table);
  if (exists) batch.delete_table();
  batch.add_table();
  batch.add_base_chain({chain, "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST});
  add_rule(batch, IPPROTO_UDP, port);
  add_rule(batch, IPPROTO_TCP, port);
  return batch.commit(socket);
}

}  // namespace

Error open_dns_sockets(Fd* udp, Fd* tcp) {
  uint16_t port = 0;
  Error error = fail_with(EADDRINUSE, step, "bind");
  // The port that UDP was given may be taken for TCP.
  for (int i = 0; i < attempts && error.errnum == EADDRINUSE; i++) error = bind_pair(0, udp, tcp, &port);
  if (error) return error;
  if (!redirect(port)) return {};
  // Without nf_tables the port must be taken for real.
  return bind_pair(dns_port, udp, tcp, &port);
}

}  // namespace tc
