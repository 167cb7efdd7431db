// UDP: per peer of a published socket a socket of its own towards the container, given up after 90 idle seconds.
#pragma once
#include <netinet/in.h>

#include "event_loop.h"
#include "relay_port.h"

namespace tc {

class UdpRelay;

// Who sent a datagram, and to which of the host's addresses: the answer must come from there.
struct UdpPath {
  sockaddr_storage peer;
  socklen_t peer_size;
  in6_addr local;  // IPv4: in the first four bytes
  uint32_t interface;

  bool operator==(const UdpPath& other) const;
};

class UdpPeer final : public Watcher, public IdleEntry, public EventLoop::Deferred {
 public:
  UdpPeer(UdpRelay* relay, const RelayPort* port, const UdpPath& path, int socket)
      : relay(relay), port(port), path(path), socket(socket) {}
  void on_ready(uint32_t events) override;
  void reclaim() override;

  UdpRelay* relay;
  const RelayPort* port;
  UdpPath path;
  int socket;
  UdpPeer* next_in_bucket = nullptr;
};

class UdpRelay {
 public:
  UdpRelay() = default;
  // `ports` outlive the relay; those that are TCP are skipped.
  Error open(EventLoop* loop, RelayPort* ports, size_t count, size_t max_peers);
  void set_accepting(size_t port, bool accepting);

 private:
  friend class UdpPeer;
  static constexpr int64_t idle_ms = 90'000;
  static constexpr size_t bucket_count = 256;

  struct Receiver final : Watcher, IdleEntry {
    void on_ready(uint32_t) override { relay->receive(this); }
    UdpRelay* relay = nullptr;
    RelayPort* port = nullptr;
    bool accepting = false;
  };

  static void expire(IdleEntry* entry);
  static void resume(IdleEntry* entry);
  void receive(Receiver* receiver);
  void answer(UdpPeer* peer);
  UdpPeer* find_peer(const RelayPort* port, const UdpPath& path);
  UdpPeer* make_peer(const RelayPort* port, const UdpPath& path);
  void drop(UdpPeer* peer);

  EventLoop* loop_ = nullptr;
  Pool<UdpPeer> peers_;
  Receiver* receivers_ = nullptr;
  IdleList idle_{idle_ms, expire};
  IdleList paused_{relay_pause_ms, resume};
  UdpPeer* buckets_[bucket_count] = {};
};

}  // namespace tc
