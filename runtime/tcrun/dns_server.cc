// The two sockets that a container asks, and the TCP clients in between.
#include "dns_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace tc {

namespace {

constexpr int questions_per_event = 32;
// Answers are made behind two bytes for the length that TCP puts first.
constexpr size_t length_size = 2;
uint8_t answer_buffer[length_size + dns_max_message];
// A whole answer fits, so that it can be sent at once and forgotten.
constexpr int tcp_send_buffer = 2 * (length_size + dns_max_message);

bool would_block() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

Error DnsServer::open(EventLoop* loop, DnsResolver* resolver, const DnsSpec& spec, int udp, int tcp) {
  loop_ = loop;
  resolver_ = resolver;
  udp_ = udp;
  tcp_ = tcp;
  udp_watcher_.server = tcp_watcher_.server = this;
  loop->add_list(&idle_);
  if (Error error = forwarder_.open(loop, this, spec)) return error;
  if (Error error = clients_.open(max_tcp_clients)) return error;
  bool watched = loop->add(udp, EPOLLIN, &udp_watcher_) && loop->add(tcp, EPOLLIN, &tcp_watcher_);
  return watched ? Error{} : fail("start network child", "epoll_ctl");
}

void DnsServer::receive() {
  for (int i = 0; i < questions_per_event; i++) {
    uint8_t question[dns_max_query];
    DnsClient client;
    socklen_t size = sizeof client.udp;
    ssize_t got = recvfrom(udp_, question, sizeof question, MSG_DONTWAIT | MSG_TRUNC,
                           reinterpret_cast<sockaddr*>(&client.udp), &size);
    if (got < 0) return;
    if (static_cast<size_t>(got) <= sizeof question) serve(client, question, static_cast<size_t>(got));
  }
}

void DnsServer::serve(const DnsClient& client, const uint8_t* message, size_t size) {
  DnsQuery query;
  DnsVerdict verdict = parse_dns_query(message, size, &query);
  if (verdict == DnsVerdict::Ignored) {
    if (client.tcp) drop(client.tcp);
    return;
  }
  uint8_t* answer = answer_buffer + length_size;
  size_t limit = client.tcp ? dns_max_message : query.udp_size;
  size_t length = 0;
  DnsCode code = verdict == DnsVerdict::NotImp ? DnsCode::NotImp : DnsCode::FormErr;
  if (verdict == DnsVerdict::Good) {
    // A version of EDNS that nobody knows is answered without looking (RFC 6891, 6.1.3).
    if (!query.edns_version) length = resolver_->answer(message, query, answer, limit);
    DnsForward* made = nullptr;
    DnsForward** forward = client.tcp ? &client.tcp->forward : &made;
    code = DnsCode::NoError;
    if (!length && !query.edns_version && forwarder_.forward(client, query, message, size, forward, &code)) return;
  }
  if (!length) length = DnsAnswer(answer, limit, message, query, code).finish();
  reply(client, query, answer, length);
}

void DnsServer::reply(const DnsClient& client, const DnsQuery& query, uint8_t* message, size_t size) {
  if (!client.tcp) {
    if (size > query.udp_size) size = truncate_dns_reply(message, query);
    sendto(udp_, message, size, MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&client.udp),
           sizeof client.udp);
    return;
  }
  DnsTcpClient* tcp = client.tcp;
  bool waited = tcp->forward;
  tcp->forward = nullptr;
  uint8_t length[length_size] = {static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)};
  iovec parts[] = {{length, sizeof length}, {message, size}};
  msghdr whole = {};
  whole.msg_iov = parts;
  whole.msg_iovlen = 2;
  ssize_t sent = sendmsg(tcp->socket, &whole, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(length_size + size) || !loop_->change(tcp->socket, EPOLLIN, tcp)) return drop(tcp);
  idle_.touch(tcp);
  if (waited) serve_client(tcp);
}

void DnsServer::accept_client() {
  int socket = accept4(tcp_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket < 0) return;
  // A container that opens more than this loses the one that has been idle for longest.
  if (clients_.is_full() && idle_.oldest()) drop(static_cast<DnsTcpClient*>(idle_.oldest()));
  DnsTcpClient* client = clients_.make(this, socket);
  if (!client || !loop_->add(socket, EPOLLIN, client)) {
    close(socket);
    if (client) clients_.release(client);
    return;
  }
  setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &tcp_send_buffer, sizeof tcp_send_buffer);
  idle_.touch(client);
}

void DnsServer::read_client(DnsTcpClient* client) {
  // While upstream has a question, nothing is waited for but the connection's end.
  if (client->forward) return drop(client);
  ssize_t got = recv(client->socket, client->input + client->filled, sizeof client->input - client->filled,
                     MSG_DONTWAIT);
  if (got < 0 && would_block()) return;
  if (got <= 0) return drop(client);
  client->filled += static_cast<size_t>(got);
  idle_.touch(client);
  serve_client(client);
}

// Answers the questions that are complete, one after the other.
void DnsServer::serve_client(DnsTcpClient* client) {
  while (client->socket >= 0 && !client->forward && client->filled >= length_size) {
    size_t size = static_cast<size_t>(client->input[0] << 8 | client->input[1]);
    if (size > dns_max_query) return drop(client);
    if (client->filled < length_size + size) return;
    uint8_t question[dns_max_query];
    memcpy(question, client->input + length_size, size);
    client->filled -= length_size + size;
    memmove(client->input, client->input + length_size + size, client->filled);
    DnsClient who;
    who.tcp = client;
    serve(who, question, size);
  }
  if (client->socket < 0 || !client->forward) return;
  idle_.remove(client);
  loop_->change(client->socket, 0, client);
}

void DnsServer::drop(DnsTcpClient* client) {
  if (client->socket < 0) return;
  if (client->forward) forwarder_.cancel(client->forward);
  client->forward = nullptr;
  idle_.remove(client);
  close(client->socket);
  client->socket = -1;
  loop_->defer(client);
}

void DnsServer::expire(IdleEntry* entry) {
  auto* client = static_cast<DnsTcpClient*>(entry);
  client->server->drop(client);
}

void DnsTcpClient::on_ready(uint32_t) {
  if (socket >= 0) server->read_client(this);
}

void DnsTcpClient::reclaim() { server->clients_.release(this); }

}  // namespace tc
