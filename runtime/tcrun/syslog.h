// A syslog server: RFC 5424, RFC 3164 or the traditional local form, over unix sockets, UDP or TCP. A server that is
// slow, away or gone never holds the service up: messages wait in a buffer of fixed size, and what does not fit is
// counted. Nothing that a server sends is looked at.
#pragma once
#include "../common/fd.h"
#include "clock.h"
#include "spec.h"

namespace tc {

class Syslog {
 public:
  // `pid` is what messages say; `epoll_data` what events of the socket carry. Connecting goes on in the background.
  void open(const SyslogSpec& spec, int pid, int epoll, uint64_t epoll_data);
  void append(bool is_error, const timespec& time, const char* text, size_t length);
  // Sends what can be sent at once.
  void flush();
  // The socket has something to say.
  void on_ready();
  void run_timers(int64_t now);
  const Deadline& deadline() const { return retry_; }
  uint64_t dropped() const { return dropped_; }
  // Waits for the server, `patience_ms` at most; what is left then is lost.
  void finish(int patience_ms);

 private:
  void connect();
  void disconnect();
  bool send_first();
  void drop_first();
  bool is_stream() const { return socket_type_ == 1; }
  size_t format(bool is_error, const timespec& time, char* memory, size_t size) const;
  void watch(bool writable);

  const SyslogSpec* spec_ = nullptr;
  int pid_ = 0;
  int epoll_ = -1;
  uint64_t epoll_data_ = 0;
  Fd socket_;
  int socket_type_ = 0;     // SOCK_STREAM or SOCK_DGRAM
  bool is_connected_ = false;
  bool is_watching_writes_ = false;
  Deadline retry_;
  int64_t delay_ms_ = 0;
  char* buffer_ = nullptr;  // messages, each after its length; compacted when the end is reached
  size_t first_ = 0;
  size_t end_ = 0;
  size_t sent_ = 0;         // of the first message, on a stream
  uint64_t dropped_ = 0;
};

}  // namespace tc
