// Datagrams are received with the address they were sent to, and answered from it.
#include "relay_udp.h"

#include <sys/uio.h>
#include <unistd.h>

#include <cstring>

namespace tc {

namespace {

constexpr int datagrams_per_event = 32;
constexpr int max_discarded = 4096;
uint8_t datagram[65536];

union PathControl {
  cmsghdr align;
  uint8_t bytes[CMSG_SPACE(sizeof(in6_pktinfo))];
};

size_t bucket_of(const UdpPath& path, size_t count) {
  uint32_t hash = 2166136261u;
  const auto* bytes = reinterpret_cast<const uint8_t*>(&path.peer);
  for (size_t i = 0; i < path.peer_size; i++) hash = (hash ^ bytes[i]) * 16777619u;
  return hash % count;
}

void read_control(msghdr& message, UdpPath* path) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      memcpy(&path->local, &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
      path->interface = static_cast<uint32_t>(info.ipi_ifindex);
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      path->local = info.ipi6_addr;
      path->interface = info.ipi6_ifindex;
    }
  }
}

// What came while nobody served. To answer it now would be late, and would make the kernel's connection tracking take
// the peer's next datagrams for answers, which are not redirected.
void discard_waiting(int socket) {
  uint8_t byte;
  for (int i = 0; i < max_discarded; i++) {
    if (recv(socket, &byte, sizeof byte, MSG_DONTWAIT | MSG_TRUNC) < 0 && errno == EAGAIN) return;
  }
}

ssize_t receive_datagram(int socket, UdpPath* path) {
  PathControl control;
  iovec part = {datagram, sizeof datagram};
  *path = {};
  msghdr message = {&path->peer, sizeof path->peer, &part, 1, &control, sizeof control, 0};
  ssize_t size = recvmsg(socket, &message, MSG_DONTWAIT);
  if (size < 0) return -1;
  path->peer_size = message.msg_namelen;
  read_control(message, path);
  return size;
}

void send_from(int socket, const UdpPath& path, size_t size) {
  PathControl control = {};
  iovec part = {datagram, size};
  msghdr message = {const_cast<sockaddr_storage*>(&path.peer), path.peer_size, &part, 1, &control, 0, 0};
  control.align.cmsg_len = 0;
  if (path.peer.ss_family == AF_INET) {
    in_pktinfo info = {};
    memcpy(&info.ipi_spec_dst, &path.local, sizeof info.ipi_spec_dst);
    message.msg_controllen = CMSG_SPACE(sizeof info);
    control.align = {CMSG_LEN(sizeof info), IPPROTO_IP, IP_PKTINFO};
    memcpy(CMSG_DATA(&control.align), &info, sizeof info);
  } else {
    in6_pktinfo info = {path.local, IN6_IS_ADDR_LINKLOCAL(&path.local) ? path.interface : 0};
    message.msg_controllen = CMSG_SPACE(sizeof info);
    control.align = {CMSG_LEN(sizeof info), IPPROTO_IPV6, IPV6_PKTINFO};
    memcpy(CMSG_DATA(&control.align), &info, sizeof info);
  }
  // A datagram that does not go out is lost, as datagrams may be.
  sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

bool UdpPath::operator==(const UdpPath& other) const {
  return peer_size == other.peer_size && memcmp(&peer, &other.peer, peer_size) == 0 &&
         memcmp(&local, &other.local, sizeof local) == 0;
}

Error UdpRelay::open(EventLoop* loop, RelayPort* ports, size_t count, size_t max_peers) {
  loop_ = loop;
  loop->add_list(&idle_);
  loop->add_list(&paused_);
  if (Error error = peers_.open(max_peers)) return error;
  if (Error error = map_array(count, &receivers_)) return error;
  for (size_t i = 0; i < count; i++) {
    auto* receiver = new (receivers_ + i) Receiver;
    receiver->relay = this;
    receiver->port = ports + i;
    if (!ports[i].udp) continue;
    int on = 1;
    // One of them fits the socket's family.
    setsockopt(ports[i].socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    setsockopt(ports[i].socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    if (!loop->add(ports[i].socket, 0, receiver)) return fail("start network child", "epoll_ctl");
  }
  return {};
}

void UdpRelay::set_accepting(size_t port, bool accepting) {
  Receiver* receiver = receivers_ + port;
  if (!receiver->port->udp || receiver->accepting == accepting) return;
  receiver->accepting = accepting;
  paused_.remove(receiver);
  if (accepting && receiver->port->group.role() == GroupRole::First) discard_waiting(receiver->port->socket);
  loop_->change(receiver->port->socket, accepting ? uint32_t{EPOLLIN} : 0, receiver);
}

void UdpRelay::resume(IdleEntry* entry) {
  auto* receiver = static_cast<Receiver*>(entry);
  receiver->relay->paused_.remove(entry);
  receiver->relay->loop_->change(receiver->port->socket, EPOLLIN, receiver);
}

void UdpRelay::receive(Receiver* receiver) {
  RelayPort* port = receiver->port;
  // All replicas read from the same socket, and what one peer sends must not be spread over them.
  if (port->group.role() != GroupRole::First) {
    loop_->change(port->socket, 0, receiver);
    return paused_.touch(receiver);
  }
  for (int i = 0; i < datagrams_per_event; i++) {
    UdpPath path;
    ssize_t size = receive_datagram(port->socket, &path);
    if (size < 0) return;
    UdpPeer* peer = find_peer(port, path);
    if (!peer) peer = make_peer(port, path);
    if (!peer) continue;
    idle_.touch(peer);
    send(peer->socket, datagram, static_cast<size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
}

UdpPeer* UdpRelay::find_peer(const RelayPort* port, const UdpPath& path) {
  UdpPeer* peer = buckets_[bucket_of(path, bucket_count)];
  while (peer && !(peer->port == port && peer->path == path)) peer = peer->next_in_bucket;
  return peer;
}

UdpPeer* UdpRelay::make_peer(const RelayPort* port, const UdpPath& path) {
  // The longest idle one gives way; its place is free once this round of events is over.
  if (peers_.is_full() && idle_.oldest()) drop(static_cast<UdpPeer*>(idle_.oldest()));
  if (peers_.is_full()) return nullptr;
  int socket = ::socket(port->target.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return nullptr;
  UdpPeer* peer = peers_.make(this, port, path, socket);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&port->target), port->target_size) ||
      !loop_->add(socket, EPOLLIN, peer)) {
    close(socket);
    peers_.release(peer);
    return nullptr;
  }
  UdpPeer*& bucket = buckets_[bucket_of(path, bucket_count)];
  peer->next_in_bucket = bucket;
  bucket = peer;
  return peer;
}

void UdpRelay::drop(UdpPeer* peer) {
  UdpPeer** link = &buckets_[bucket_of(peer->path, bucket_count)];
  while (*link != peer) link = &(*link)->next_in_bucket;
  *link = peer->next_in_bucket;
  idle_.remove(peer);
  close(peer->socket);
  peer->socket = -1;
  loop_->defer(peer);
}

void UdpRelay::expire(IdleEntry* entry) {
  auto* peer = static_cast<UdpPeer*>(entry);
  peer->relay->drop(peer);
}

void UdpRelay::answer(UdpPeer* peer) {
  for (int i = 0; i < datagrams_per_event && peer->socket >= 0; i++) {
    ssize_t size = recv(peer->socket, datagram, sizeof datagram, MSG_DONTWAIT);
    // A refusal of an earlier datagram is reported once, here.
    if (size < 0) return;
    idle_.touch(peer);
    send_from(peer->port->socket, peer->path, static_cast<size_t>(size));
  }
}

void UdpPeer::on_ready(uint32_t) { relay->answer(this); }

void UdpPeer::reclaim() { relay->peers_.release(this); }

}  // namespace tc
