// Questions passed on to the host's resolvers: in order, four seconds each, by the protocol they came by.
#pragma once
#include <netinet/in.h>

#include "dns_message.h"
#include "event_loop.h"
#include "spec.h"

namespace tc {

class DnsForwarder;
class DnsTcpClient;

// Whom an answer goes to.
struct DnsClient {
  DnsTcpClient* tcp = nullptr;
  sockaddr_in udp = {};
};

class DnsReplies {
 public:
  // `message` is the whole answer with the client's id, and may be cut in place.
  virtual void reply(const DnsClient& client, const DnsQuery& query, uint8_t* message, size_t size) = 0;

 protected:
  ~DnsReplies() = default;
};

// An answer that comes by TCP, behind its length. In pages of its own, to be given back to the kernel.
struct alignas(4096) DnsStream {
  DnsStream() {}
  uint8_t bytes[2 + dns_max_message];
};

class DnsForward final : public Watcher, public IdleEntry, public EventLoop::Deferred {
 public:
  void on_ready(uint32_t events) override;
  void reclaim() override;

  DnsForwarder* forwarder = nullptr;
  DnsClient client;
  DnsQuery query;
  size_t upstream = 0;
  int socket = -1;
  bool connecting = false;      // TCP, before the question is sent
  DnsStream* stream = nullptr;  // TCP: what has come of the answer
  size_t stream_filled = 0;
  size_t size = 0;
  uint8_t question[2 + dns_max_query];  // behind two bytes of length, as TCP wants it
};

class DnsForwarder {
 public:
  Error open(EventLoop* loop, DnsReplies* replies, const DnsSpec& spec);
  // Takes over the question; false if there is nobody to ask (`*code` says how to answer).
  bool forward(const DnsClient& client, const DnsQuery& query, const uint8_t* message, size_t size, DnsForward** made,
               DnsCode* code);
  // The client has gone.
  void cancel(DnsForward* forward) { drop(forward); }

 private:
  friend class DnsForward;
  static constexpr size_t max_upstreams = 8;
  static constexpr size_t max_forwards = 128;
  static constexpr size_t max_streams = 8;
  static constexpr int64_t timeout_ms = 4000;

  static void expire(IdleEntry* entry);
  // Asks the current upstream, or the next that can be asked; none left: SERVFAIL.
  void ask(DnsForward* forward);
  bool send_question(DnsForward* forward);
  void ask_next(DnsForward* forward);
  void receive_datagram(DnsForward* forward);
  void receive_stream(DnsForward* forward);
  // A complete answer: goes to the client, or to the next upstream if this one could not tell.
  void accept_reply(DnsForward* forward, uint8_t* reply, size_t size);
  void hang_up(DnsForward* forward);
  void drop(DnsForward* forward);

  EventLoop* loop_ = nullptr;
  DnsReplies* replies_ = nullptr;
  sockaddr_storage upstreams_[max_upstreams];
  socklen_t upstream_sizes_[max_upstreams];
  size_t upstream_count_ = 0;
  Pool<DnsForward> forwards_;
  Pool<DnsStream> streams_;
  IdleList waiting_{timeout_ms, expire};
};

}  // namespace tc
