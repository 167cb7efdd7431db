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
// A direction that has moved this much lets the others have their turn.
constexpr size_t turn = 1024 * 1024;
// A shorter read has most likely emptied the socket; if not, its event comes again.
constexpr size_t long_read = 16 * 1024;
constexpr int accepts_per_event = 32;

void set_no_delay(int socket) {
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

TcpConnection::TcpConnection(TcpRelay* relay, int client, int server) : relay_(relay) {
  client_.connection = server_.connection = this;
  client_.fd = up_.from = down_.to = client;
  server_.fd = up_.to = down_.from = server;
}

bool TcpConnection::start() {
  bool watched = relay_->loop_->add(client_.fd, 0, &client_);
  server_.interest = EPOLLOUT;
  watched = relay_->loop_->add(server_.fd, EPOLLOUT, &server_) && watched;
  if (!watched) close_both(true);
  return watched;
}

void TcpConnection::on_ready(Side* side, uint32_t events) {
  if (closed_) return;
  if (connecting_) {
    // The client gave up, or the container answered one way or the other.
    if (side == &client_ || !finish_connecting()) return close_both(true);
  } else if (events & EPOLLERR) {
    return close_both(true);
  }
  if (!pump(&up_) || !pump(&down_)) return close_both(true);
  if (up_.forwarded && down_.forwarded) return close_both(false);
  if (!watch_both()) close_both(true);
}

bool TcpConnection::finish_connecting() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(server_.fd, SOL_SOCKET, SO_ERROR, &error, &size) || error) return false;
  connecting_ = false;
  return true;
}

// False: the connection is broken.
bool TcpConnection::pump(Flow* flow) {
  for (size_t moved = 0; moved < turn;) {
    if (flow->buffered && !drain(flow)) return false;
    if (flow->buffered || flow->forwarded) return true;
    if (flow->ended) {
      // ENOTCONN: the other side is gone already, which its own event will tell.
      shutdown(flow->to, SHUT_WR);
      flow->forwarded = true;
      return true;
    }
    if (!fill(flow)) return false;
    if (!flow->buffered && !flow->ended) return true;
    moved += flow->buffered;
    bool emptied = flow->buffered < long_read && !flow->ended;
    if (!drain(flow)) return false;
    if (emptied) return true;
  }
  return true;
}

bool TcpConnection::fill(Flow* flow) {
  if (!relay_->take_pipe(&flow->pipe)) return false;
  ssize_t got = splice(flow->from, nullptr, flow->pipe.write, nullptr, chunk, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (got > 0) {
    flow->buffered = static_cast<size_t>(got);
    return true;
  }
  relay_->give_back(&flow->pipe);
  flow->ended = got == 0;
  return got == 0 || errno == EAGAIN || errno == EINTR;
}

bool TcpConnection::drain(Flow* flow) {
  while (flow->buffered) {
    ssize_t put = splice(flow->pipe.read, nullptr, flow->to, nullptr, flow->buffered, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
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
    // Inherited by the sockets that it accepts.
    if (!ports[i].udp) set_no_delay(ports[i].socket);
    if (!ports[i].udp && !loop->add(ports[i].socket, 0, listener)) return fail("start network child", "epoll_ctl");
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
