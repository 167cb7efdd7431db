// A container's log, in the lines that Docker's json-file driver writes:
// {"log":"text\n","stream":"stdout","attrs":{...},"time":"2026-01-01T00:00:00.5Z"}. Source: moby
// daemon/logger/{copier.go,jsonfilelog}. Beside the file, or instead of it, a syslog server.
#pragma once
#include "../common/fd.h"
#include "clock.h"
#include "spec.h"
#include "syslog.h"

namespace tc {

// The file: rotation, and what happens on a full disk. Writing never waits for space and never fails the service:
// records that cannot be written are counted.
class LogFile {
 public:
  Error open(const LogSpec& spec);
  // One record; buffered until flush().
  void append(const char* stream, const timespec& time, const char* text, size_t length);
  void flush();
  uint64_t dropped() const { return dropped_; }
  // Whether the child that ended was compressing a file that was set aside.
  bool child_ended(int pid, bool succeeded);

 private:
  void rotate();
  void write_pending();
  void compress_next();
  // The path of `log` (0), `log.1`, ...; `ending` follows it.
  void add_name(Path& path, uint32_t number, const char* ending) const;
  void remove_numbered(uint32_t number, const char* ending) const;

  const LogSpec* spec_ = nullptr;
  Fd file_;
  uint64_t size_ = 0;
  size_t pending_ = 0;
  unsigned pending_records_ = 0;
  uint64_t dropped_ = 0;
  int compressor_ = 0;        // a child, 0: none
  uint32_t compressed_ = 0;   // the number that its file has by now
};

class Log {
 public:
  Error open(const LogSpec& spec, int pid, int epoll, uint64_t epoll_data);
  void append(const char* stream, const timespec& time, const char* text, size_t length) {
    file.append(stream, time, text, length);
    syslog.append(stream[3] == 'e', time, text, length);
  }
  void flush() {
    file.flush();
    syslog.flush();
  }
  uint64_t dropped() const { return file.dropped() + syslog.dropped(); }

  LogFile file;
  Syslog syslog;
};

// Sees the bytes of a stream as they come, before they are records.
class OutputTap {
 public:
  // False: no more for now.
  virtual bool take(const char* bytes, size_t length) = 0;

 protected:
  ~OutputTap() = default;
};

// One output stream of the container, cut into records: at newlines, and at 16 KiB where there is none. The parts of a
// cut line carry the time of the first; only the last ends in a newline.
class LogStream {
 public:
  static constexpr size_t kMaxRecord = 16 * 1024;

  // `epoll`: where it is watched, to be taken out of before it closes (see unwatch() in monitor.h).
  void start(Fd fd, const char* name, int epoll);
  int fd() const { return fd_.get(); }
  bool is_open() const { return bool(fd_); }
  // Reads what is there. At end of file the rest becomes a record without a newline and the stream closes.
  void read_into(Log& log, OutputTap& tap);
  void close(Log& log);

 private:
  void cut(Log& log);

  Fd fd_;
  const char* name_ = "";
  int epoll_ = -1;
  size_t used_ = 0;
  bool in_line_ = false;  // the record before ended without a newline
  timespec line_time_{};
  char buffer_[kMaxRecord];
};

}  // namespace tc
