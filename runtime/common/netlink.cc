// Netlink: message building, one request at a time, attribute lookup.
#include "netlink.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace tc {

namespace {

#ifndef SOL_NETLINK
constexpr int SOL_NETLINK = 270;
#endif

// A dump fills up to this much per datagram, if the receiver's buffer takes it (the kernel's limit).
constexpr size_t receive_size = 32 * 1024;

}  // namespace

NetlinkBuffer::~NetlinkBuffer() { free(data_); }

void NetlinkBuffer::clear() {
  size_ = 0;
  message_ = 0;
  out_of_memory_ = false;
}

// Room for `size` bytes, padded with zeroes to netlink's alignment; null when out of memory.
uint8_t* NetlinkBuffer::append(size_t size) {
  size_t padded = NLMSG_ALIGN(size);
  if (size_ + padded > capacity_) {
    size_t capacity = capacity_ ? capacity_ * 2 : 2048;
    while (capacity < size_ + padded) capacity *= 2;
    auto* data = static_cast<uint8_t*>(realloc(data_, capacity));
    if (!data) {
      out_of_memory_ = true;
      return nullptr;
    }
    data_ = data;
    capacity_ = capacity;
  }
  uint8_t* at = data_ + size_;
  memset(at, 0, padded);
  size_ += padded;
  return at;
}

void NetlinkBuffer::begin(uint16_t type, uint16_t flags, const void* header, size_t header_size) {
  size_t start = size_;
  uint8_t* at = append(NLMSG_HDRLEN + header_size);
  if (!at) return;
  message_ = start;
  message()->nlmsg_len = static_cast<uint32_t>(size_ - start);
  message()->nlmsg_type = type;
  message()->nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST);
  message()->nlmsg_seq = ++sequence_;
  memcpy(at + NLMSG_HDRLEN, header, header_size);
}

void NetlinkBuffer::put(uint16_t type, const void* data, size_t size) {
  uint8_t* at = append(NLA_HDRLEN + size);
  if (!at) return;
  nlattr attribute = {static_cast<uint16_t>(NLA_HDRLEN + size), type};
  memcpy(at, &attribute, sizeof attribute);
  if (size) memcpy(at + NLA_HDRLEN, data, size);
  message()->nlmsg_len = static_cast<uint32_t>(size_ - message_);
}

void NetlinkBuffer::put_raw(const void* data, size_t size) {
  uint8_t* at = append(size);
  if (!at) return;
  memcpy(at, data, size);
  message()->nlmsg_len = static_cast<uint32_t>(size_ - message_);
}

void NetlinkBuffer::put_string(uint16_t type, const char* text) { put(type, text, strlen(text) + 1); }

void NetlinkBuffer::put_be32(uint16_t type, uint32_t value) { put_u32(type, htonl(value)); }

size_t NetlinkBuffer::open_nest(uint16_t type) {
  size_t nest = size_;
  put(static_cast<uint16_t>(type | NLA_F_NESTED), nullptr, 0);
  return nest;
}

void NetlinkBuffer::close_nest(size_t nest) {
  if (out_of_memory_) return;
  auto length = static_cast<uint16_t>(size_ - nest);
  memcpy(data_ + nest, &length, sizeof length);
}

void NetlinkBuffer::acknowledge_last() {
  if (size_) message()->nlmsg_flags |= NLM_F_ACK;
}

Error NetlinkSocket::open(int protocol) {
  socket_.reset(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!socket_) return fail("netlink", "socket");
  int on = 1;
  // Without it the kernel sends back each refused message whole.
  setsockopt(socket_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return {};
}

Error NetlinkSocket::request(NetlinkBuffer& buffer, const char* step) {
  buffer.acknowledge_last();
  return request(buffer, step, buffer.last_sequence());
}

Error NetlinkSocket::request(NetlinkBuffer& buffer, const char* step, uint32_t awaited) {
  return exchange(buffer, step, awaited, nullptr, nullptr);
}

Error NetlinkSocket::exchange(NetlinkBuffer& buffer, const char* step, uint32_t awaited, Callback callback,
                              void* context) {
  if (buffer.out_of_memory()) return fail_with(ENOMEM, step, "malloc");
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = sendto(socket_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&kernel),
                        sizeof kernel);
  if (sent < 0) return fail(step, "sendto");
  return receive(awaited, step, callback, context);
}

// The kernel answers before sendto returns, except for the later parts of a dump: so once an error is seen, or the
// awaited message is answered, whatever belongs to the request is already queued.
Error NetlinkSocket::receive(uint32_t awaited, const char* step, Callback callback, void* context) {
  alignas(nlmsghdr) uint8_t buffer[receive_size];
  Error result;
  bool finished = false;
  bool refused = false;
  for (;;) {
    ssize_t got = recv(socket_.get(), buffer, sizeof buffer, finished || refused ? MSG_DONTWAIT : 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return result;
    if (got < 0) return fail(step, "recv");
    auto left = static_cast<size_t>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      bool last = message->nlmsg_seq == awaited;
      // Something changed between two parts of a dump: the whole may be neither the old nor the new state.
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) && !result) result = fail_with(EINTR, step, "netlink");
      if (message->nlmsg_type == NLMSG_ERROR) {
        const auto* answer = header_of<nlmsgerr>(message);
        if (!answer) return fail_with(EBADMSG, step, "recv");
        if (answer->error && !result) result = fail_with(-answer->error, step, "netlink");
        refused = refused || answer->error;
        finished = finished || last;
      } else if (message->nlmsg_type == NLMSG_DONE) {
        finished = finished || last;
      } else if (callback) {
        callback(message, context);
      }
    }
  }
}

const char* text_of(const nlattr* attribute) {
  if (!attribute || !memchr(payload(attribute), '\0', payload_size(attribute))) return "";
  return reinterpret_cast<const char*>(payload(attribute));
}

const nlattr* find_attribute(const void* data, size_t size, uint16_t type) {
  const auto* at = static_cast<const uint8_t*>(data);
  while (size >= NLA_HDRLEN) {
    const auto* attribute = reinterpret_cast<const nlattr*>(at);
    if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > size) return nullptr;
    if ((attribute->nla_type & NLA_TYPE_MASK) == type) return attribute;
    size_t step = NLA_ALIGN(attribute->nla_len);
    if (step >= size) return nullptr;
    at += step;
    size -= step;
  }
  return nullptr;
}

}  // namespace tc
