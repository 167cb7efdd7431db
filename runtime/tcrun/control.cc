// The control socket: connections, lines, descriptors. What the lines mean is operations.cc's.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>

#include "../common/file.h"
#include "../common/json_writer.h"
#include "monitor.h"

namespace tc {

namespace {

constexpr char kName[] = "ctl";
constexpr size_t kMaxLine = 4 << 20;      // argv and environment of an exec
constexpr size_t kMaxBacklog = 1 << 20;  // a client that does not read is dropped

void close_fds(Client& client) {
  for (size_t i = 0; i < client.fd_count; i++) close(client.fds[i]);
  client.fd_count = 0;
}

// Descriptors beyond the three that a request may carry are closed.
void keep_fds(Client& client, msghdr& message) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      if (client.fd_count < 3) {
        client.fds[client.fd_count++] = fd;
      } else {
        close(fd);
      }
    }
  }
}

bool grow_input(Client& client) {
  if (client.input_length < client.input_capacity) return true;
  size_t capacity = client.input_capacity ? client.input_capacity * 2 : 4096;
  if (capacity > kMaxLine) return false;
  char* bigger = static_cast<char*>(realloc(client.input, capacity));
  if (!bigger) return false;
  client.input = bigger;
  client.input_capacity = capacity;
  return true;
}

// False at end of file, on errors, and for a line that never ends.
bool receive(Client& client) {
  if (!grow_input(client)) return false;
  iovec data{client.input + client.input_length, client.input_capacity - client.input_length};
  alignas(cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = recvmsg(client.socket.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  keep_fds(client, message);
  client.input_length += size_t(got);
  return got > 0;
}

void perform_lines(Monitor& monitor, size_t index) {
  Client& client = monitor.clients[index];
  while (client.socket) {
    char* newline = static_cast<char*>(memchr(client.input, '\n', client.input_length));
    if (!newline) break;
    size_t length = size_t(newline - client.input);
    perform(monitor, index, client.input, length);
    if (!client.socket) return;
    close_fds(client);
    client.input_length -= length + 1;
    memmove(client.input, newline + 1, client.input_length);
  }
  if (client.input_length == 0 && client.input_capacity > 4096) {
    free(client.input);
    client.input = nullptr;
    client.input_capacity = 0;
  }
}

void send_backlog(Monitor& monitor, size_t index) {
  Client& client = monitor.clients[index];
  ssize_t sent = send(client.socket.get(), client.output, client.output_length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return drop_client(monitor, index);
  if (sent > 0) {
    client.output_length -= size_t(sent);
    memmove(client.output, client.output + sent, client.output_length);
  }
  if (client.output_length) return;
  free(client.output);
  client.output = nullptr;
  epoll_event event{EPOLLIN, {.u64 = uint64_t(Source::Client) << 32 | index}};
  epoll_ctl(monitor.epoll.get(), EPOLL_CTL_MOD, client.socket.get(), &event);
}

void queue(Monitor& monitor, size_t index, const char* text, size_t length) {
  Client& client = monitor.clients[index];
  char* bigger = client.output_length + length <= kMaxBacklog
                     ? static_cast<char*>(realloc(client.output, client.output_length + length))
                     : nullptr;
  if (!bigger) return drop_client(monitor, index);
  memcpy(bigger + client.output_length, text, length);
  client.output = bigger;
  client.output_length += length;
  epoll_event event{EPOLLIN | EPOLLOUT, {.u64 = uint64_t(Source::Client) << 32 | index}};
  epoll_ctl(monitor.epoll.get(), EPOLL_CTL_MOD, client.socket.get(), &event);
}

ssize_t send_now(int socket, const char* text, size_t length, const int* fds, size_t fd_count) {
  iovec data{const_cast<char*>(text), length};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxPassed * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (fd_count) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

Error open_control(Monitor& monitor) {
  unlinkat(monitor.run_dir.get(), kName, 0);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail("control", "socket");
  // Through the descriptor, as sun_path has 108 bytes and a run directory may be longer.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  Text name(address.sun_path);
  name.add("/proc/self/fd/").number(monitor.run_dir.get()).add('/').add(kName);
  mode_t before = umask(0177);
  int bound = bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0) return fail("control", "bind", monitor.spec.run_dir);
  if (listen(socket.get(), 64) != 0) return fail("control", "listen", monitor.spec.run_dir);
  monitor.listener = static_cast<Fd&&>(socket);
  return watch(monitor, monitor.listener.get(), EPOLLIN, Source::Listener, 0);
}

Error adopt_client(Monitor& monitor, int fd) {
  Client& client = monitor.clients[0];
  client.socket.reset(fd);
  Error error = watch(monitor, fd, EPOLLIN, Source::Client, 0);
  if (error.ok()) client_ready(monitor, 0, EPOLLIN);
  return error;
}

void accept_client(Monitor& monitor) {
  Fd socket(accept4(monitor.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return;
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return;
  if (peer.uid != 0 && peer.uid != geteuid()) return;
  for (size_t i = 0; i < Monitor::kMaxClients; i++) {
    if (monitor.clients[i].socket) continue;
    if (watch(monitor, socket.get(), EPOLLIN, Source::Client, uint32_t(i))) return;
    monitor.clients[i] = Client{};
    monitor.clients[i].socket = static_cast<Fd&&>(socket);
    return;
  }
  // All slots taken: closing tells the client at once, where silence would let it wait.
}

void client_ready(Monitor& monitor, size_t index, uint32_t events) {
  Client& client = monitor.clients[index];
  if (!client.socket) return;
  if (events & EPOLLOUT) send_backlog(monitor, index);
  if (!client.socket || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  bool is_open = receive(client);
  if (client.input_length) perform_lines(monitor, index);
  if (!is_open) drop_client(monitor, index);
}

void send_line(Monitor& monitor, size_t index, const char* text, size_t length, const int* fds, size_t fd_count) {
  Client& client = monitor.clients[index];
  if (!client.socket) return;
  if (fd_count > kMaxPassed) return drop_client(monitor, index);
  if (client.output_length) {
    // Descriptors travel with the first byte of their line, which a backlog would hold back.
    if (fd_count) return drop_client(monitor, index);
    return queue(monitor, index, text, length);
  }
  ssize_t sent = send_now(client.socket.get(), text, length, fds, fd_count);
  if (sent < 0 && (errno != EAGAIN || fd_count)) return drop_client(monitor, index);
  size_t done = sent > 0 ? size_t(sent) : 0;
  if (done < length) queue(monitor, index, text + done, length - done);
}

void drop_client(Monitor& monitor, size_t index) {
  Client& client = monitor.clients[index];
  if (!client.socket) return;
  unwatch(monitor, client.socket);
  close_fds(client);
  free(client.input);
  free(client.output);
  client.input = client.output = nullptr;
  client.input_length = client.input_capacity = client.output_length = 0;
  client_left(monitor, index);
}

void notify(Monitor& monitor, bool Client::*flag, const char* line, size_t length) {
  for (size_t i = 0; i < Monitor::kMaxClients; i++) {
    Client& client = monitor.clients[i];
    if (!client.socket || !(client.*flag)) continue;
    client.*flag = false;
    send_line(monitor, i, line, length);
  }
}

void send_error(Monitor& monitor, size_t index, const Error& error) {
  FixedText<4096> line;
  line.add("{\"error\":");
  render_error(error, line);
  line.add("}\n");
  send_line(monitor, index, line.c_str(), line.length());
}

}  // namespace tc
