// Questions of one container over UDP and TCP, answered by its resolver or passed on.
#pragma once
#include <netinet/in.h>

#include "dns_forward.h"
#include "dns_resolver.h"
#include "event_loop.h"

namespace tc {

class DnsServer;

// A TCP client: one question at a time.
class DnsTcpClient final : public Watcher, public IdleEntry, public EventLoop::Deferred {
 public:
  DnsTcpClient(DnsServer* server, int socket) : server(server), socket(socket) {}
  void on_ready(uint32_t events) override;
  void reclaim() override;

  DnsServer* server;
  int socket;
  // The question that upstream has, if any.
  DnsForward* forward = nullptr;
  size_t filled = 0;
  uint8_t input[2 + dns_max_query];
};

class DnsServer final : public DnsReplies {
 public:
  DnsServer() = default;
  // `resolver` outlives the server. Both sockets are bound, `tcp` listens.
  Error open(EventLoop* loop, DnsResolver* resolver, const DnsSpec& spec, int udp, int tcp);
  void reply(const DnsClient& client, const DnsQuery& query, uint8_t* message, size_t size) override;

 private:
  friend class DnsTcpClient;
  static constexpr size_t max_tcp_clients = 64;
  static constexpr int64_t tcp_idle_ms = 10'000;

  struct UdpSocket final : Watcher {
    void on_ready(uint32_t) override { server->receive(); }
    DnsServer* server = nullptr;
  };
  struct TcpListener final : Watcher {
    void on_ready(uint32_t) override { server->accept_client(); }
    DnsServer* server = nullptr;
  };

  static void expire(IdleEntry* entry);
  void receive();
  void accept_client();
  // What a question needs done; `client.tcp` waits if it was passed on.
  void serve(const DnsClient& client, const uint8_t* message, size_t size);
  void read_client(DnsTcpClient* client);
  void serve_client(DnsTcpClient* client);
  void drop(DnsTcpClient* client);

  EventLoop* loop_ = nullptr;
  DnsResolver* resolver_ = nullptr;
  DnsForwarder forwarder_;
  int udp_ = -1;
  int tcp_ = -1;
  UdpSocket udp_watcher_;
  TcpListener tcp_watcher_;
  Pool<DnsTcpClient> clients_;
  IdleList idle_{tcp_idle_ms, expire};
};

}  // namespace tc
