// Level-triggered: one splice in and one out per event carries a small message, and nothing is watched that is not
// waited for.
#include "relay_tcp.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <initializer_list>

namespace tc {

namespace {

constexpr size_t chunk = 64 * 1024;  // what a pipe holds
constexpr unsigned splice_flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
// A direction that has moved this much lets the others have their turn.
constexpr size_t turn = 1024 * 1024;
constexpr int accepts_per_event = 32;

// Two pages: what even the smallest pipe holds that the kernel gives to a user who has many.
uint8_t copy_buffer[8192];

void set_no_delay(int socket) {
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// A client that vanished without a word must not keep its connection for good.
void set_keep_alive(int socket) {
  int on = 1;
  int idle_s = 60;
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
}

}  // namespace

TcpConnection::TcpConnection(TcpRelay* relay, int client, int server) : relay_(relay) {
  client_.connection = server_.connection = this;
  client_.fd = up_.from = down_.to = client;
  server_.fd = up_.to = down_.from = server;
}

bool TcpConnection::start() {
  server_.interest = EPOLLOUT;
  if (relay_->loop_->add(server_.fd, EPOLLOUT, &server_)) return true;
  close_both(true);
  return false;
}

void TcpConnection::on_ready(uint32_t events) {
  if (closed_) return;
  if (events & EPOLLERR) return close_both(true);
  if (connecting_) {
    // Never connected: the container refused at once.
    if (events & EPOLLHUP) return close_both(true);
    connecting_ = false;
    client_.interest = EPOLLIN;
    if (!relay_->loop_->add(client_.fd, EPOLLIN, &client_)) return close_both(true);
  }
  if (!pump(&up_, down_) || !pump(&down_, up_)) return close_both(true);
  if (up_.forwarded && down_.forwarded) return close_both(false);
  if (!watch_both()) close_both(true);
}

// False: the connection is broken.
bool TcpConnection::pump(Flow* flow, const Flow& other) {
  for (size_t moved = 0; moved < turn;) {
    if (flow->buffered && !drain(flow)) return false;
    if (flow->buffered || flow->forwarded) return true;
    if (flow->ended) {
      // The second end closes the connection, which says the same.
      if (!other.forwarded) shutdown(flow->to, SHUT_WR);
      flow->forwarded = true;
      return true;
    }
    ssize_t got = flow->bulk ? fill(flow) : copy(flow);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    flow->ended = got == 0;
    // Less than could have been: the socket is empty now, and if not, its event comes again.
    flow->bulk = static_cast<size_t>(got) >= sizeof copy_buffer;
    if (flow->buffered && !drain(flow)) return false;
    if (got > 0 && !flow->bulk) return true;
    moved += static_cast<size_t>(got);
  }
  return true;
}

// A short message: through memory, which is quicker than through a pipe. What cannot be sent yet goes into one.
ssize_t TcpConnection::copy(Flow* flow) {
  ssize_t got = recv(flow->from, copy_buffer, sizeof copy_buffer, MSG_DONTWAIT);
  if (got <= 0) return got;
  auto size = static_cast<size_t>(got);
  ssize_t put = send(flow->to, copy_buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (put < 0 && errno != EAGAIN && errno != EINTR) return -1;
  size_t sent = put < 0 ? 0 : static_cast<size_t>(put);
  if (sent == size) return got;
  bool kept = relay_->take_pipe(&flow->pipe) &&
              write(flow->pipe.write, copy_buffer + sent, size - sent) == static_cast<ssize_t>(size - sent);
  if (!kept) {
    errno = ENOMEM;
    return -1;
  }
  flow->buffered = size - sent;
  return got;
}

ssize_t TcpConnection::fill(Flow* flow) {
  if (!relay_->take_pipe(&flow->pipe)) return -1;
  ssize_t got = splice(flow->from, nullptr, flow->pipe.write, nullptr, chunk, splice_flags);
  if (got > 0) {
    flow->buffered = static_cast<size_t>(got);
  } else {
    relay_->give_back(&flow->pipe);
  }
  return got;
}

bool TcpConnection::drain(Flow* flow) {
  while (flow->buffered) {
    ssize_t put = splice(flow->pipe.read, nullptr, flow->to, nullptr, flow->buffered, splice_flags);
    if (put <= 0) return put < 0 && (errno == EAGAIN || errno == EINTR);
    flow->buffered -= static_cast<size_t>(put);
  }
  if (flow->pipe.read >= 0) relay_->give_back(&flow->pipe);
  return true;
}

bool TcpConnection::watch(Side* side, uint32_t interest) {
  if (side->interest == interest) return true;
  side->interest = interest;
  return relay_->loop_->change(side->fd, interest, side);
}

bool TcpConnection::watch_both() {
  auto reads = [](const Flow& flow) { return !flow.ended && !flow.is_blocked() ? uint32_t{EPOLLIN} : 0; };
  auto writes = [](const Flow& flow) { return flow.is_blocked() ? uint32_t{EPOLLOUT} : 0; };
  return watch(&client_, reads(up_) | writes(down_)) && watch(&server_, reads(down_) | writes(up_));
}

void TcpConnection::close_both(bool reset) {
  closed_ = true;
  linger now = {1, 0};
  for (Side* side : {&client_, &server_}) {
    if (reset) setsockopt(side->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(side->fd);
  }
  for (Flow* flow : {&up_, &down_}) relay_->drop(&flow->pipe);
  relay_->loop_->defer(this);
}

void TcpConnection::reclaim() { relay_->connections_.release(this); }

void TcpRelay::Listener::on_ready(uint32_t) { relay->accept_some(this); }

Error TcpRelay::open(EventLoop* loop, RelayPort* ports, size_t count, size_t max_connections) {
  loop_ = loop;
  loop->add_list(&paused_);
  if (Error error = connections_.open(max_connections)) return error;
  if (Error error = map_array(count, &listeners_)) return error;
  for (size_t i = 0; i < count; i++) {
    auto* listener = new (listeners_ + i) Listener;
    listener->relay = this;
    listener->port = ports + i;
    if (ports[i].udp) continue;
    // Inherited by the sockets that it accepts.
    set_no_delay(ports[i].socket);
    set_keep_alive(ports[i].socket);
    if (!loop->add(ports[i].socket, 0, listener)) return fail("start network child", "epoll_ctl");
  }
  return {};
}

void TcpRelay::set_accepting(size_t port, bool accepting) {
  Listener* listener = listeners_ + port;
  if (listener->port->udp || listener->accepting == accepting) return;
  listener->accepting = accepting;
  paused_.remove(listener);
  loop_->change(listener->port->socket, accepting ? uint32_t{EPOLLIN} : 0, listener);
}

void TcpRelay::resume(IdleEntry* entry) {
  auto* listener = static_cast<Listener*>(entry);
  listener->relay->paused_.remove(entry);
  listener->relay->loop_->change(listener->port->socket, EPOLLIN, listener);
}

void TcpRelay::pause(Listener* listener) {
  loop_->change(listener->port->socket, 0, listener);
  paused_.touch(listener);
}

void TcpRelay::accept_some(Listener* listener) {
  // The other replicas' children have been woken as well, and one of them may.
  if (listener->port->group.role() == GroupRole::Out) return pause(listener);
  for (int i = 0; i < accepts_per_event && listener->accepting; i++) {
    bool room = !connections_.is_full();
    int client = room ? accept4(listener->port->socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
    if (client >= 0) {
      begin_connection(listener, client);
      continue;
    }
    // Another replica was quicker, or the client has gone again.
    if (room && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED || errno == EPROTO)) return;
    return pause(listener);
  }
}

void TcpRelay::begin_connection(Listener* listener, int client) {
  const RelayPort& port = *listener->port;
  int server = socket(port.target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  TcpConnection* connection = server < 0 ? nullptr : connections_.make(this, client, server);
  if (!connection) {
    close(client);
    if (server >= 0) close(server);
    return;
  }
  set_no_delay(server);
  connect(server, reinterpret_cast<const sockaddr*>(&port.target), port.target_size);
  // Refused or in progress: the descriptor's event tells.
  connection->start();
}

bool TcpRelay::take_pipe(Pipe* pipe) {
  if (pipe->read >= 0) return true;
  if (pipe_count_ > 0) {
    *pipe = pipes_[--pipe_count_];
    return true;
  }
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC)) return false;
  *pipe = {ends[0], ends[1]};
  return true;
}

// An empty one.
void TcpRelay::give_back(Pipe* pipe) {
  if (pipe_count_ == kept_pipes) return drop(pipe);
  pipes_[pipe_count_++] = *pipe;
  *pipe = {};
}

void TcpRelay::drop(Pipe* pipe) {
  if (pipe->read >= 0) close(pipe->read);
  if (pipe->write >= 0) close(pipe->write);
  *pipe = {};
}

}  // namespace tc
