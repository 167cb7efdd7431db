// The control socket of a monitor: connecting, and sending and receiving descriptors with a line of text.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "addon.h"
#include "pending.h"

namespace tc {

namespace {

// SCM_MAX_FD of the kernel.
constexpr size_t most_descriptors = 253;
constexpr size_t longest_line = 1 << 20;
constexpr size_t chunk_size = 16384;
// How long connecting and sending wait for a monitor that does not read.
constexpr int patience_seconds = 10;

// sun_path holds 108 bytes; a longer path is reached through its directory's descriptor.
Error fill_address(const std::string& path, Fd* directory, sockaddr_un* address) {
  address->sun_family = AF_UNIX;
  std::string usable = path;
  size_t slash = path.rfind('/');
  if (path.size() >= sizeof address->sun_path && slash != std::string::npos) {
    directory->reset(open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!*directory) return fail("connect", "open", path.c_str());
    usable = "/proc/self/fd/" + std::to_string(directory->get()) + path.substr(slash);
  }
  if (usable.size() >= sizeof address->sun_path) return fail_with(ENAMETOOLONG, "connect", "connect", path.c_str());
  memcpy(address->sun_path, usable.c_str(), usable.size() + 1);
  return {};
}

Napi::Value connect_unix(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string path = info[0].ToString();
  sockaddr_un address = {};
  Fd directory;
  if (Error error = fill_address(path, &directory, &address)) return throw_error(env, error);
  Fd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) return throw_error(env, fail("connect", "socket"));
  timeval patience = {.tv_sec = patience_seconds};
  setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
    return throw_error(env, fail("connect", "connect", path.c_str()));
  }
  return Napi::Number::New(env, connection.release());
}

// The whole of `data`, with `fds` on its first byte.
Error send_all(int socket, const uint8_t* data, size_t size, const std::vector<int>& fds) {
  alignas(cmsghdr) char control[CMSG_SPACE(most_descriptors * sizeof(int))];
  size_t sent = 0;
  while (sent < size) {
    iovec part = {const_cast<uint8_t*>(data) + sent, size - sent};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (sent == 0 && !fds.empty()) {
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
      memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    }
    ssize_t done = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (done >= 0) {
      sent += static_cast<size_t>(done);
    } else if (errno == EAGAIN) {
      // Non-blocking sockets come here at once, blocking ones after SO_SNDTIMEO.
      pollfd writable = {socket, POLLOUT, 0};
      if (poll(&writable, 1, patience_seconds * 1000) <= 0) return fail_with(ETIMEDOUT, "send", "sendmsg");
    } else if (errno != EINTR) {
      return fail("send", "sendmsg");
    }
  }
  return {};
}

Napi::Value send_descriptors(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int socket = to_descriptor(env, info[0]);
  if (socket < 0) return env.Undefined();
  if (!info[1].IsTypedArray() || !info[2].IsArray()) return throw_type_error(env, "expected bytes and an array");
  Napi::Uint8Array data = info[1].As<Napi::Uint8Array>();
  Napi::Array array = info[2].As<Napi::Array>();
  if (data.ByteLength() == 0) return throw_type_error(env, "descriptors travel with at least one byte");
  if (array.Length() > most_descriptors) return throw_error(env, fail_with(ETOOMANYREFS, "send", "sendmsg"));
  std::vector<int> fds;
  for (uint32_t i = 0; i < array.Length(); i++) {
    fds.push_back(to_descriptor(env, array.Get(i)));
    if (fds.back() < 0) return env.Undefined();
  }
  if (Error error = send_all(socket, data.Data(), data.ByteLength(), fds)) return throw_error(env, error);
  return env.Undefined();
}

// Receives up to and including the first "\n" and not a byte more: what follows belongs to the next line, whose
// descriptors are attached to it.
class LineWatch : public Watch {
 public:
  LineWatch(int socket, std::unique_ptr<Pending> pending) : socket_(socket), pending_(std::move(pending)) {}

  bool readable() override {
    for (;;) {
      char peeked[chunk_size];
      ssize_t got = recv(socket_, peeked, sizeof peeked, MSG_PEEK | MSG_DONTWAIT);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return false;
      if (got < 0) return reject(fail("receive", "recv"));
      if (got == 0) return line_.empty() ? resolve() : reject(fail_with(ECONNRESET, "receive", "recv"));
      const void* newline = memchr(peeked, '\n', static_cast<size_t>(got));
      size_t wanted = newline ? static_cast<const char*>(newline) - peeked + 1 : static_cast<size_t>(got);
      if (Error error = take(wanted)) return reject(error);
      if (line_.back() == '\n') return resolve();
      if (line_.size() > longest_line) return reject(fail_with(EMSGSIZE, "receive", "recv"));
    }
  }

  void cancelled() override { reject(fail_with(ECANCELED, "receive", "recv")); }

 private:
  // The bytes are there, since they were just peeked; recvmsg may stop earlier, where other descriptors are attached.
  Error take(size_t wanted) {
    char bytes[chunk_size];
    alignas(cmsghdr) char control[CMSG_SPACE(most_descriptors * sizeof(int))];
    iovec part = {bytes, wanted};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t got = recvmsg(socket_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0) return fail("receive", "recvmsg");
    line_.append(bytes, static_cast<size_t>(got));
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
        fds_.emplace_back(fd);
      }
    }
    return {};
  }

  bool resolve() {
    std::vector<int> fds;
    for (Fd& fd : fds_) fds.push_back(fd.release());
    Pending::resolve(std::move(pending_), [line = std::move(line_), fds](Napi::Env env) {
      Napi::Object result = Napi::Object::New(env);
      Napi::Array array = Napi::Array::New(env, fds.size());
      for (uint32_t i = 0; i < fds.size(); i++) array.Set(i, fds[i]);
      result.Set("line", line);
      result.Set("fds", array);
      return result;
    });
    return true;
  }

  bool reject(const Error& error) {
    Pending::reject(std::move(pending_), error);
    return true;
  }

  int socket_;
  std::unique_ptr<Pending> pending_;
  std::string line_;
  std::vector<Fd> fds_;
};

Napi::Value receive_descriptors(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int socket = to_descriptor(env, info[0]);
  if (socket < 0) return env.Undefined();
  auto pending = std::make_unique<Pending>(env);
  Napi::Promise promise = pending->promise();
  if (Error error = watch_descriptor(socket, std::make_unique<LineWatch>(socket, std::move(pending)))) {
    return throw_error(env, error);
  }
  return promise;
}

Napi::Value make_socket_pair(const Napi::CallbackInfo& info) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
    return throw_error(info.Env(), fail("socket", "socketpair"));
  }
  Napi::Array array = Napi::Array::New(info.Env(), 2);
  array.Set(uint32_t{0}, ends[0]);
  array.Set(uint32_t{1}, ends[1]);
  return array;
}

}  // namespace

void init_sockets(Napi::Object exports) {
  set_function(exports, "socketPair", make_socket_pair);
  set_function(exports, "connectUnix", connect_unix);
  set_function(exports, "sendDescriptors", send_descriptors);
  set_function(exports, "receiveDescriptors", receive_descriptors);
}

}  // namespace tc
