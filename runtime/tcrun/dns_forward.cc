// A socket per question: a random port and a random id, and answers from nobody but the one who was asked.
#include "dns_forward.h"

#include <net/if.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace tc {

namespace {

constexpr uint16_t dns_port = 53;

uint8_t datagram[dns_max_message];

// "fe80::1%eth0": resolvers learned from router advertisements have a scope.
bool parse_upstream(const char* text, sockaddr_storage* storage, socklen_t* size) {
  char host[INET6_ADDRSTRLEN];
  InetAddress address;
  const char* scope = strchrnul(text, '%');
  auto length = static_cast<size_t>(scope - text);
  if (length >= sizeof host) return false;
  memcpy(host, text, length);
  host[length] = '\0';
  if (!parse_inet_address(host, &address)) return false;
  *size = to_sockaddr(address, dns_port, storage);
  if (*scope && !address.is_v4()) reinterpret_cast<sockaddr_in6*>(storage)->sin6_scope_id = if_nametoindex(scope + 1);
  return true;
}

bool is_single_label(const char* name) { return *name && !strchr(name, '.'); }

}  // namespace

Error DnsForwarder::open(EventLoop* loop, DnsReplies* replies, const DnsSpec& spec) {
  loop_ = loop;
  replies_ = replies;
  loop->add_list(&waiting_);
  for (const char* text : spec.upstreams) {
    if (upstream_count_ == max_upstreams) break;
    if (!parse_upstream(text, &upstreams_[upstream_count_], &upstream_sizes_[upstream_count_])) {
      return fail_with(EINVAL, "start network child", "parse", text);
    }
    upstream_count_++;
  }
  if (Error error = forwards_.open(max_forwards)) return error;
  return streams_.open(max_streams);
}

bool DnsForwarder::forward(const DnsClient& client, const DnsQuery& query, const uint8_t* message, size_t size,
                           DnsForward** made, DnsCode* code) {
  // A network without a way out: whoever asks must not wait, and no packet must leave.
  if (upstream_count_ == 0) {
    *code = is_single_label(query.name) ? DnsCode::NxDomain : DnsCode::ServFail;
    return false;
  }
  *code = DnsCode::Refused;
  DnsStream* stream = nullptr;
  if (client.tcp && !(stream = streams_.make())) return false;
  DnsForward* forward = forwards_.make();
  if (!forward) {
    if (stream) streams_.release(stream);
    return false;
  }
  forward->forwarder = this;
  forward->client = client;
  forward->query = query;
  forward->stream = stream;
  forward->size = size;
  forward->question[0] = static_cast<uint8_t>(size >> 8);
  forward->question[1] = static_cast<uint8_t>(size);
  memcpy(forward->question + 2, message, size);
  *made = forward;
  ask(forward);
  return true;
}

void DnsForwarder::ask(DnsForward* forward) {
  int type = forward->client.tcp ? SOCK_STREAM : SOCK_DGRAM;
  for (; forward->upstream < upstream_count_; forward->upstream++) {
    hang_up(forward);
    const auto* upstream = reinterpret_cast<const sockaddr*>(&upstreams_[forward->upstream]);
    forward->socket = socket(upstream->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (forward->socket < 0 || getrandom(forward->question + 2, 2, 0) != 2) continue;
    bool refused = connect(forward->socket, upstream, upstream_sizes_[forward->upstream]) && errno != EINPROGRESS;
    forward->connecting = type == SOCK_STREAM;
    if (refused || !loop_->add(forward->socket, forward->connecting ? EPOLLOUT : EPOLLIN, forward)) continue;
    if (!forward->connecting && !send_question(forward)) continue;
    waiting_.touch(forward);
    return;
  }
  uint8_t answer[dns_max_query];
  DnsClient client = forward->client;
  DnsQuery query = forward->query;
  size_t size = DnsAnswer(answer, sizeof answer, forward->question + 2, query, DnsCode::ServFail).finish();
  answer[0] = static_cast<uint8_t>(query.id >> 8);
  answer[1] = static_cast<uint8_t>(query.id);
  drop(forward);
  replies_->reply(client, query, answer, size);
}

bool DnsForwarder::send_question(DnsForward* forward) {
  // A fresh socket has room for it.
  size_t skip = forward->client.tcp ? 0 : 2;
  size_t size = forward->size + 2 - skip;
  return send(forward->socket, forward->question + skip, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

void DnsForwarder::ask_next(DnsForward* forward) {
  forward->upstream++;
  ask(forward);
}

void DnsForward::on_ready(uint32_t events) {
  if (socket < 0) return;
  if (!client.tcp) return forwarder->receive_datagram(this);
  if (!connecting) return forwarder->receive_stream(this);
  connecting = false;
  bool sent = !(events & (EPOLLERR | EPOLLHUP)) && forwarder->send_question(this);
  if (!sent || !forwarder->loop_->change(socket, EPOLLIN, this)) forwarder->ask_next(this);
}

void DnsForwarder::receive_datagram(DnsForward* forward) {
  ssize_t size = recv(forward->socket, datagram, sizeof datagram, MSG_DONTWAIT);
  // Nobody listens there: the next one.
  if (size < 0 && errno != EAGAIN && errno != EINTR) return ask_next(forward);
  if (size < 0) return;
  // What does not answer the question is noise or forged; the answer may yet come.
  if (!is_dns_reply_to(datagram, static_cast<size_t>(size), forward->question + 2, forward->query)) return;
  accept_reply(forward, datagram, static_cast<size_t>(size));
}

void DnsForwarder::receive_stream(DnsForward* forward) {
  uint8_t* stream = forward->stream->bytes;
  size_t wanted = forward->stream_filled < 2 ? 2 : 2 + static_cast<size_t>(stream[0] << 8 | stream[1]);
  ssize_t got = recv(forward->socket, stream + forward->stream_filled, wanted - forward->stream_filled, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return ask_next(forward);
  forward->stream_filled += static_cast<size_t>(got);
  if (forward->stream_filled < 2) return;
  size_t size = static_cast<size_t>(stream[0] << 8 | stream[1]);
  if (forward->stream_filled < 2 + size) return;
  if (!is_dns_reply_to(stream + 2, size, forward->question + 2, forward->query)) return ask_next(forward);
  accept_reply(forward, stream + 2, size);
}

void DnsForwarder::accept_reply(DnsForward* forward, uint8_t* reply, size_t size) {
  DnsCode code = dns_code_of(reply);
  bool last = forward->upstream + 1 == upstream_count_;
  if ((code == DnsCode::ServFail || code == DnsCode::Refused) && !last) return ask_next(forward);
  reply[0] = static_cast<uint8_t>(forward->query.id >> 8);
  reply[1] = static_cast<uint8_t>(forward->query.id);
  replies_->reply(forward->client, forward->query, reply, size);
  drop(forward);
}

void DnsForwarder::hang_up(DnsForward* forward) {
  if (forward->socket >= 0) close(forward->socket);
  forward->socket = -1;
  forward->stream_filled = 0;
}

void DnsForwarder::drop(DnsForward* forward) {
  hang_up(forward);
  waiting_.remove(forward);
  if (forward->stream) {
    // One long answer must not stay in memory for good.
    madvise(forward->stream, sizeof(DnsStream), MADV_DONTNEED);
    streams_.release(forward->stream);
    forward->stream = nullptr;
  }
  loop_->defer(forward);
}

void DnsForwarder::expire(IdleEntry* entry) {
  auto* forward = static_cast<DnsForward*>(entry);
  forward->forwarder->waiting_.remove(entry);
  forward->forwarder->ask_next(forward);
}

void DnsForward::reclaim() { forwarder->forwards_.release(this); }

}  // namespace tc
