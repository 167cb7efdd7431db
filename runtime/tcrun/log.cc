// Log capture.
#include "log.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>

#include "../common/json_writer.h"
#include "gzip.h"

namespace tc {

namespace {

// A record at its longest: every byte a six-byte escape, and the members around them.
constexpr size_t kMaxEncoded = LogStream::kMaxRecord * 6 + kMaxLogAttributes + 256;
constexpr size_t kFlushAt = 32 * 1024;
// Zero pages until used; a quiet service never touches more than the first.
char encoded[kFlushAt + kMaxEncoded];
constexpr char kCompressed[] = ".gz";
constexpr char kUnfinished[] = ".gz.tmp";

}  // namespace

Error LogFile::open(const LogSpec& spec) {
  spec_ = &spec;
  if (!spec.has_file) return {};
  // No link: the log of one container must not become a file of somebody else (CVE-2026-53489).
  file_.reset(::open(spec.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640));
  struct stat st {};
  if (!file_ || fstat(file_.get(), &st) != 0) return fail("log", "open", spec.path);
  if (!S_ISREG(st.st_mode)) return fail_with(EINVAL, "log", "open", spec.path);
  size_ = uint64_t(st.st_size);
  return {};
}

void LogFile::append(const char* stream, const timespec& time, const char* text, size_t length) {
  if (!file_) return;
  Text out(encoded + pending_, sizeof encoded - pending_);
  out.add("{\"log\":\"");
  escape_json(out, text, length, JsonEscape::Html);
  out.add("\",\"stream\":\"").add(stream).add("\",");
  if (spec_->attributes) out.add("\"attrs\":").add(spec_->attributes).add(',');
  out.add("\"time\":\"");
  format_time(time, Fraction::Trimmed, out);
  out.add("\"}\n");
  bool is_full = spec_->max_size && size_ + pending_ + out.length() > spec_->max_size;
  if (is_full && size_ + pending_ > 0) {
    const char* record = encoded + pending_;
    write_pending();
    rotate();
    memmove(encoded, record, out.length());
  }
  pending_ += out.length();
  pending_records_++;
  if (pending_ >= kFlushAt) write_pending();
}

void LogFile::flush() {
  if (pending_) write_pending();
}

void LogFile::write_pending() {
  size_t done = 0;
  while (done < pending_) {
    ssize_t put = write(file_.get(), encoded + done, pending_ - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) break;
    done += size_t(put);
  }
  if (done == pending_) {
    size_ += done;
  } else {
    // Half a record would make the line after it unreadable, too.
    if (done && ftruncate(file_.get(), off_t(size_)) != 0) size_ += done;
    dropped_ += pending_records_;
  }
  pending_ = 0;
  pending_records_ = 0;
}

// Renames log.1 to log.2 and so on, compressed or not; with a single file, empties it.
void LogFile::rotate() {
  if (spec_->max_file == 1) {
    if (ftruncate(file_.get(), 0) == 0) size_ = 0;
    return;
  }
  for (uint32_t n = spec_->max_file - 1; n > 0; n--) {
    for (const char* ending : {"", kCompressed}) remove_numbered(n, ending);
    for (const char* ending : {"", kCompressed}) {
      Path from, to;
      add_name(from, n - 1, ending);
      add_name(to, n, ending);
      // The file itself is never compressed, whatever lies beside it.
      if (n > 1 || !*ending) rename(from.c_str(), to.c_str());
    }
  }
  if (compressor_ && ++compressed_ >= spec_->max_file) kill(compressor_, SIGKILL);
  Fd fresh(::open(spec_->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fresh) return;  // goes on in the renamed file rather than losing lines
  file_ = static_cast<Fd&&>(fresh);
  size_ = 0;
  compress_next();
}

void LogFile::add_name(Path& path, uint32_t number, const char* ending) const {
  path.add(spec_->path);
  if (number) path.add('.').number(number);
  path.add(ending);
}

void LogFile::remove_numbered(uint32_t number, const char* ending) const {
  Path path;
  add_name(path, number, ending);
  unlink(path.c_str());
}

// The oldest file that is not compressed yet, by a child that has nothing else to do. Under a name of its own until it
// is done: meanwhile the next rotation may come.
void LogFile::compress_next() {
  if (!spec_->compress || compressor_) return;
  Fd from;
  uint32_t number = spec_->max_file - 1;
  for (; number > 0 && !from; number--) {
    Path path;
    add_name(path, number, "");
    from.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  }
  if (!from) return;
  Path path;
  path.add(spec_->path).add(kUnfinished);
  Fd to(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!to) return;
  int parent = getpid();
  int pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpriority(PRIO_PROCESS, 0, 19);
    bool is_orphan = getppid() != parent;
    _exit(!is_orphan && compress_file(from.get(), to.get(), path.c_str()).ok() ? 0 : 1);
  }
  if (pid < 0) return;
  compressor_ = pid;
  compressed_ = number + 1;
}

bool LogFile::child_ended(int pid, bool succeeded) {
  if (!compressor_ || pid != compressor_) return false;
  compressor_ = 0;
  Path unfinished, finished;
  unfinished.add(spec_->path).add(kUnfinished);
  add_name(finished, compressed_, kCompressed);
  if (!succeeded || compressed_ >= spec_->max_file || rename(unfinished.c_str(), finished.c_str()) != 0) {
    // Not on a full disk, say: the file stays as it is until the next rotation.
    unlink(unfinished.c_str());
    return true;
  }
  remove_numbered(compressed_, "");
  compress_next();
  return true;
}

Error Log::open(const LogSpec& spec, int pid, int epoll, uint64_t epoll_data) {
  syslog.open(spec.syslog, pid, epoll, epoll_data);
  return file.open(spec);
}

void LogStream::start(Fd fd, const char* name, int epoll) {
  fd_ = static_cast<Fd&&>(fd);
  name_ = name;
  epoll_ = epoll;
  used_ = 0;
  in_line_ = false;
  fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
}

void LogStream::read_into(Log& log, OutputTap& tap) {
  // A bound, so that a service that never stops writing cannot keep the monitor from its other duties.
  for (int round = 0; round < 16 && fd_; round++) {
    ssize_t got = read(fd_.get(), buffer_ + used_, sizeof buffer_ - used_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    // EIO: the last process closed the terminal.
    if (got <= 0) {
      close(log);
      break;
    }
    bool goes_on = tap.take(buffer_ + used_, size_t(got));
    used_ += size_t(got);
    cut(log);
    if (!goes_on) break;
  }
  log.flush();
}

void LogStream::cut(Log& log) {
  timespec now = wall_clock();
  size_t start = 0;
  while (start < used_) {
    const char* newline = static_cast<const char*>(memchr(buffer_ + start, '\n', used_ - start));
    if (!newline && (start > 0 || used_ < sizeof buffer_)) break;
    size_t length = newline ? size_t(newline - buffer_) + 1 - start : used_ - start;
    if (!in_line_) line_time_ = now;
    log.append(name_, line_time_, buffer_ + start, length);
    in_line_ = !newline;
    start += length;
  }
  used_ -= start;
  if (start && used_) memmove(buffer_, buffer_ + start, used_);
}

void LogStream::close(Log& log) {
  if (!fd_) return;
  if (used_) log.append(name_, in_line_ ? line_time_ : wall_clock(), buffer_, used_);
  used_ = 0;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd_.get(), nullptr);
  fd_.reset();
  log.flush();
}

}  // namespace tc
