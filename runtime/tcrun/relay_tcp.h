// TCP: connections of published sockets, spliced to the container and back, each direction closed on its own.
#pragma once
#include "event_loop.h"
#include "relay_port.h"

namespace tc {

class TcpRelay;

// A pipe for data that is on its way; kept only while there is some.
struct Pipe {
  int read = -1;
  int write = -1;
};

// One direction of a connection.
struct Flow {
  int from = -1;
  int to = -1;
  Pipe pipe;
  size_t buffered = 0;
  bool bulk = false;       // more than a message at a time: splice
  bool ended = false;      // `from` has sent its last byte
  bool forwarded = false;  // and `to` has been told

  bool is_blocked() const { return buffered > 0; }
};

class TcpConnection final : public EventLoop::Deferred {
 public:
  TcpConnection(TcpRelay* relay, int client, int server);
  // Connecting has begun; false if it cannot be watched.
  bool start();
  void reclaim() override;

 private:
  struct Side final : Watcher {
    void on_ready(uint32_t events) override { connection->on_ready(events); }
    TcpConnection* connection = nullptr;
    int fd = -1;
    uint32_t interest = 0;
  };

  void on_ready(uint32_t events);
  bool pump(Flow* flow, const Flow& other);
  ssize_t copy(Flow* flow);
  ssize_t fill(Flow* flow);
  bool drain(Flow* flow);
  bool watch(Side* side, uint32_t interest);
  bool watch_both();
  // `reset`: neither side shall take it for an orderly end.
  void close_both(bool reset);

  TcpRelay* relay_;
  Side client_;
  Side server_;
  Flow up_;
  Flow down_;
  bool connecting_ = true;
  bool closed_ = false;
};

class TcpRelay {
 public:
  // `ports` outlive the relay; those that are UDP are skipped. At most `max_connections` at a time.
  Error open(EventLoop* loop, RelayPort* ports, size_t count, size_t max_connections);
  void set_accepting(size_t port, bool accepting);

 private:
  friend class TcpConnection;
  static constexpr size_t kept_pipes = 8;

  struct Listener final : Watcher, IdleEntry {
    void on_ready(uint32_t events) override;
    TcpRelay* relay = nullptr;
    RelayPort* port = nullptr;
    bool accepting = false;
  };

  static void resume(IdleEntry* entry);
  void accept_some(Listener* listener);
  void pause(Listener* listener);
  void begin_connection(Listener* listener, int client);
  bool take_pipe(Pipe* pipe);
  void give_back(Pipe* pipe);
  void drop(Pipe* pipe);

  EventLoop* loop_ = nullptr;
  Pool<TcpConnection> connections_;
  Listener* listeners_ = nullptr;
  // Listeners that must not accept now, or could not for want of memory or descriptors.
  IdleList paused_{relay_pause_ms, resume};
  Pipe pipes_[kept_pipes];
  size_t pipe_count_ = 0;
};

}  // namespace tc
