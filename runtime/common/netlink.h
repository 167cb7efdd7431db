// Netlink: a buffer in which messages are built, a request socket, and the walk over attributes. Knows no protocol.
#pragma once
#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "error.h"
#include "fd.h"

namespace tc {

// Messages back to back, as one sendmsg takes them. Running out of memory is remembered and reported when sent.
class NetlinkBuffer {
 public:
  NetlinkBuffer() = default;
  NetlinkBuffer(const NetlinkBuffer&) = delete;
  NetlinkBuffer& operator=(const NetlinkBuffer&) = delete;
  ~NetlinkBuffer();

  // Starts a message. `header` is the protocol's fixed part (ifinfomsg, nfgenmsg, ...).
  void begin(uint16_t type, uint16_t flags, const void* header, size_t header_size);
  template <typename Header>
  void begin(uint16_t type, uint16_t flags, const Header& header) {
    begin(type, flags, &header, sizeof header);
  }

  void put(uint16_t type, const void* data, size_t size);
  void put_string(uint16_t type, const char* text);
  void put_u8(uint16_t type, uint8_t value) { put(type, &value, sizeof value); }
  void put_u32(uint16_t type, uint32_t value) { put(type, &value, sizeof value); }
  void put_be32(uint16_t type, uint32_t value);
  // Bytes without an attribute header, for structures inside a nest.
  void put_raw(const void* data, size_t size);

  size_t open_nest(uint16_t type);
  void close_nest(size_t nest);

  // Asks for an acknowledgement of the last message, so that success is heard of too.
  void acknowledge_last();

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  bool out_of_memory() const { return out_of_memory_; }
  uint32_t last_sequence() const { return sequence_; }
  void clear();

 private:
  uint8_t* append(size_t size);
  nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(data_ + message_); }

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t message_ = 0;
  uint32_t sequence_ = 0;
  bool out_of_memory_ = false;
};

// Closes the nest at the end of the scope.
class Nest {
 public:
  Nest(NetlinkBuffer& buffer, uint16_t type) : buffer_(buffer), at_(buffer.open_nest(type)) {}
  ~Nest() { buffer_.close_nest(at_); }
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;

 private:
  NetlinkBuffer& buffer_;
  size_t at_;
};

class NetlinkSocket {
 public:
  // Opens in the caller's network namespace.
  Error open(int protocol);
  bool is_open() const { return static_cast<bool>(socket_); }

  // Sends, then waits for the last message's acknowledgement. The first error that any message met is returned.
  Error request(NetlinkBuffer& buffer, const char* step);
  // The same where another message than the last one was asked to acknowledge.
  Error request(NetlinkBuffer& buffer, const char* step, uint32_t awaited);

  // Sends a dump or a get, and calls `handle(const nlmsghdr*)` for each message of the answer. EINTR: things changed
  // while they were listed, so the list may be wrong.
  template <typename Handler>
  Error query(NetlinkBuffer& buffer, const char* step, Handler&& handle) {
    buffer.acknowledge_last();
    auto call = [](const nlmsghdr* message, void* context) {
      (*static_cast<std::remove_reference_t<Handler>*>(context))(message);
    };
    return exchange(buffer, step, buffer.last_sequence(), call, &handle);
  }

 private:
  using Callback = void (*)(const nlmsghdr*, void*);
  Error exchange(NetlinkBuffer& buffer, const char* step, uint32_t awaited, Callback callback, void* context);
  Error receive(uint32_t awaited, const char* step, Callback callback, void* context);

  Fd socket_;
};

// Payload of an attribute.
inline const uint8_t* payload(const nlattr* attribute) {
  return reinterpret_cast<const uint8_t*>(attribute) + NLA_HDRLEN;
}
inline size_t payload_size(const nlattr* attribute) { return attribute->nla_len - NLA_HDRLEN; }

// The text of a string attribute, or "" if there is none or it is not terminated.
const char* text_of(const nlattr* attribute);

// The first attribute of `type` in a run of attributes; null if there is none.
const nlattr* find_attribute(const void* data, size_t size, uint16_t type);
inline const nlattr* find_attribute(const nlattr* nest, uint16_t type) {
  return nest ? find_attribute(payload(nest), payload_size(nest), type) : nullptr;
}
// The same after a message's fixed header.
template <typename Header>
const nlattr* find_attribute(const nlmsghdr* message, uint16_t type) {
  size_t skip = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(Header));
  if (message->nlmsg_len < skip) return nullptr;
  return find_attribute(reinterpret_cast<const uint8_t*>(message) + skip, message->nlmsg_len - skip, type);
}
// Fixed header of a message; null if the message is too short for it.
template <typename Header>
const Header* header_of(const nlmsghdr* message) {
  if (message->nlmsg_len < NLMSG_HDRLEN + sizeof(Header)) return nullptr;
  return reinterpret_cast<const Header*>(reinterpret_cast<const uint8_t*>(message) + NLMSG_HDRLEN);
}

}  // namespace tc
