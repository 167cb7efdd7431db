// Sending to a syslog server.
#include "syslog.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "../common/inet_address.h"

namespace tc {

namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr size_t kMaxHeader = 1024;
constexpr int64_t kFirstDelayMs = 250;
constexpr int64_t kMaxDelayMs = 30 * 1000;

using Length = uint32_t;

// RFC 3164: "Jan  2 15:04:05", in UTC, as the monitor knows no other zone.
void format_stamp(const timespec& time, Text& out) {
  static const char* const kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  tm parts{};
  gmtime_r(&time.tv_sec, &parts);
  out.add(kMonths[parts.tm_mon]).add(parts.tm_mday < 10 ? "  " : " ").number(parts.tm_mday).add(' ');
  out.padded(uint64_t(parts.tm_hour), 2).add(':').padded(uint64_t(parts.tm_min), 2).add(':');
  out.padded(uint64_t(parts.tm_sec), 2);
}

// "2026-01-01T00:00:00Z", with six digits of the fraction or without.
void format_instant(const timespec& time, bool micro, Text& out) {
  FixedText<40> full;
  format_time(time, Fraction::Full, full);
  out.add(full.c_str(), 19);
  if (micro) out.add(full.c_str() + 19, 7);
  out.add('Z');
}

socklen_t fill_address(const SyslogSpec& spec, sockaddr_storage* storage) {
  if (spec.transport == SyslogTransport::Unix) {
    auto* address = reinterpret_cast<sockaddr_un*>(storage);
    address->sun_family = AF_UNIX;
    Text path(address->sun_path);
    path.add(spec.address);
    return sizeof *address;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(storage);
  if (inet_pton(AF_INET, spec.address, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(spec.port);
    return sizeof *v4;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(spec.port);
  inet_pton(AF_INET6, spec.address, &v6->sin6_addr);
  return sizeof *v6;
}

}  // namespace

void Syslog::open(const SyslogSpec& spec, int pid, int epoll, uint64_t epoll_data) {
  if (!spec.enabled) return;
  void* memory = mmap(nullptr, kBuffer, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  buffer_ = static_cast<char*>(memory);
  spec_ = &spec;
  pid_ = pid;
  epoll_ = epoll;
  epoll_data_ = epoll_data;
  // A local server may want either kind: the usual one first.
  socket_type_ = spec.transport == SyslogTransport::Tcp ? SOCK_STREAM : SOCK_DGRAM;
  connect();
}

size_t Syslog::format(bool is_error, const timespec& time, char* memory, size_t size) const {
  constexpr int kErr = 3, kInfo = 6;
  Text out(memory, size);
  out.add('<').number(int64_t(spec_->facility) * 8 + (is_error ? kErr : kInfo)).add('>');
  if (spec_->format == SyslogFormat::Rfc5424 || spec_->format == SyslogFormat::Rfc5424Micro) {
    out.add("1 ");
    format_instant(time, spec_->format == SyslogFormat::Rfc5424Micro, out);
    out.add(' ').add(spec_->hostname).add(' ').add(spec_->tag).add(' ').number(pid_).add(' ').add(spec_->tag);
    out.add(" - ");
    return out.length();
  }
  format_stamp(time, out);
  if (spec_->format == SyslogFormat::Rfc3164) out.add(' ').add(spec_->hostname);
  out.add(' ').add(spec_->tag).add('[').number(pid_).add("]: ");
  return out.length();
}

void Syslog::append(bool is_error, const timespec& time, const char* text, size_t length) {
  if (!spec_) return;
  if (length && text[length - 1] == '\n') length--;
  char header[kMaxHeader];
  size_t header_length = format(is_error, time, header, sizeof header);
  Length total = Length(header_length + length + (is_stream() ? 1 : 0));
  if (end_ + sizeof total + total > kBuffer && first_ > 0) {
    memmove(buffer_, buffer_ + first_, end_ - first_);
    end_ -= first_;
    first_ = 0;
  }
  if (end_ + sizeof total + total > kBuffer) {
    dropped_++;
    return;
  }
  char* at = buffer_ + end_;
  memcpy(at, &total, sizeof total);
  memcpy(at + sizeof total, header, header_length);
  memcpy(at + sizeof total + header_length, text, length);
  if (is_stream()) at[sizeof total + total - 1] = '\n';
  end_ += sizeof total + total;
}

void Syslog::connect() {
  retry_.clear();
  sockaddr_storage storage{};
  socklen_t length = fill_address(*spec_, &storage);
  socket_.reset(socket(storage.ss_family, socket_type_ | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return disconnect();
  epoll_event event{EPOLLIN | EPOLLOUT, {.u64 = epoll_data_}};
  is_watching_writes_ = true;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.get(), &event) != 0) return disconnect();
  if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0) {
    is_connected_ = true;
    delay_ms_ = 0;
    return;
  }
  if (errno == EINPROGRESS) return;
  if (errno == EPROTOTYPE) socket_type_ = is_stream() ? SOCK_DGRAM : SOCK_STREAM;
  disconnect();
}

void Syslog::disconnect() {
  if (socket_) epoll_ctl(epoll_, EPOLL_CTL_DEL, socket_.get(), nullptr);
  socket_.reset();
  is_connected_ = false;
  // The server gets the message that was cut off once more, whole.
  sent_ = 0;
  int64_t doubled = delay_ms_ * 2;
  delay_ms_ = delay_ms_ == 0 ? kFirstDelayMs : doubled < kMaxDelayMs ? doubled : kMaxDelayMs;
  retry_.set_in(delay_ms_);
}

void Syslog::watch(bool writable) {
  if (!socket_ || writable == is_watching_writes_) return;
  is_watching_writes_ = writable;
  epoll_event event{EPOLLIN | (writable ? EPOLLOUT : 0u), {.u64 = epoll_data_}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_.get(), &event);
}

void Syslog::drop_first() {
  Length total = 0;
  memcpy(&total, buffer_ + first_, sizeof total);
  first_ += sizeof total + total;
  sent_ = 0;
  if (first_ == end_) first_ = end_ = 0;
}

// False: nothing more can be sent for now.
bool Syslog::send_first() {
  Length total = 0;
  memcpy(&total, buffer_ + first_, sizeof total);
  const char* text = buffer_ + first_ + sizeof total;
  ssize_t put = send(socket_.get(), text + sent_, total - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (put < 0 && errno == EINTR) return true;
  if (put < 0 && (errno == EAGAIN || errno == ENOBUFS)) return false;
  if (put < 0 && errno == EMSGSIZE) {
    dropped_++;
    drop_first();
    return true;
  }
  // UDP: about a datagram before this one.
  if (put < 0 && errno == ECONNREFUSED && spec_->transport == SyslogTransport::Udp) return true;
  if (put < 0) {
    disconnect();
    return false;
  }
  sent_ += size_t(put);
  if (sent_ == total) drop_first();
  return true;
}

void Syslog::flush() {
  if (!spec_ || !is_connected_) return;
  while (is_connected_ && first_ < end_ && send_first()) {
  }
  watch(first_ < end_);
}

void Syslog::on_ready() {
  if (!socket_) return;
  if (!is_connected_) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error) return disconnect();
    is_connected_ = true;
    delay_ms_ = 0;
  }
  char ignored[512];
  ssize_t got = recv(socket_.get(), ignored, sizeof ignored, MSG_DONTWAIT);
  bool is_over = is_stream() && (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR));
  if (is_over) return disconnect();
  flush();
}

void Syslog::run_timers(int64_t now) {
  if (!retry_.is_due(now)) return;
  connect();
  flush();
}

void Syslog::finish(int patience_ms) {
  int64_t until = monotonic_ms() + patience_ms;
  while (spec_ && first_ < end_) {
    int64_t left = until - monotonic_ms();
    if (left <= 0) break;
    int64_t wait = retry_.is_set() && retry_.at() - monotonic_ms() < left ? retry_.at() - monotonic_ms() : left;
    pollfd entry{socket_.get(), POLLOUT, 0};
    poll(&entry, socket_ ? 1 : 0, int(wait < 0 ? 0 : wait));
    run_timers(monotonic_ms());
    if (entry.revents) on_ready();
  }
  for (; spec_ && first_ < end_; drop_first()) dropped_++;
}

}  // namespace tc
