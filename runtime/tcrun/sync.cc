// Messages between monitor and child.
#include "sync.h"

#include <sys/socket.h>

#include <cstring>

#include "../common/receive_fd.h"

namespace tc {

namespace {

enum class Kind : uint8_t { Failure, Terminal, Process, Mount, Go };

// Both ends are this executable, but step and syscall cross as text: a pointer from another process is nothing to
// follow.
struct Packet {
  Kind kind;
  int errnum;
  char step[24];
  char syscall[24];
  char path[sizeof Error::path];
  char detail[sizeof Error::detail];
};

template <size_t N>
void copy_cut(char (&to)[N], const char* from) {
  size_t length = strnlen(from, N - 1);
  memcpy(to, from, length);
  to[length] = '\0';
}

// Error holds pointers to text that lives for ever. The set of words is small: that of this program's string literals.
const char* intern(char (&word)[24]) {
  static char known[160][24];
  word[sizeof word - 1] = '\0';
  for (char(&entry)[24] : known) {
    if (!*entry) memcpy(entry, word, sizeof entry);
    if (strcmp(entry, word) == 0) return entry;
  }
  return "start";
}

}  // namespace

Error make_sync(Fd* monitor, Fd* child) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return fail("start", "socketpair");
  monitor->reset(pair[0]);
  child->reset(pair[1]);
  return {};
}

void send_failure(int sync, const Error& error) {
  Packet packet{};
  packet.kind = Kind::Failure;
  packet.errnum = error.errnum;
  copy_cut(packet.step, error.step);
  copy_cut(packet.syscall, error.syscall);
  copy_cut(packet.path, error.path);
  copy_cut(packet.detail, error.detail);
  // write, as a container's filter may refuse sendto.
  while (write(sync, &packet, sizeof packet) < 0 && errno == EINTR) {
  }
}

Error send_descriptor(int sync, Passed what, int fd) {
  static constexpr Kind kKinds[] = {Kind::Terminal, Kind::Process, Kind::Mount};
  Kind kind = kKinds[size_t(what)];
  iovec data{&kind, sizeof kind};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(sync, &message, MSG_NOSIGNAL) < 0 ? fail("start", "sendmsg") : Error{};
}

Error await_go(int sync) {
  Kind kind{};
  ssize_t got;
  do {
    got = recv(sync, &kind, sizeof kind, 0);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof kind && kind == Kind::Go) return {};
  return fail_with(ECANCELED, "start", "recv");
}

void send_go(int sync) {
  Kind kind = Kind::Go;
  // A child that failed is gone already; its reason is waiting to be received.
  send(sync, &kind, sizeof kind, MSG_NOSIGNAL);
}

SyncMessage receive_sync(int sync, Wait wait, Error* error, Fd* fd) {
  Packet packet{};
  Fd passed;
  bool was_reset = false;
  ssize_t got;
  for (;;) {
    got = receive_with_fd(sync, &packet, sizeof packet, wait == Wait::No ? MSG_DONTWAIT : 0, &passed);
    // The child ended without reading that it may go. The kernel tells that once, before what the child still said.
    if (got < 0 && errno == ECONNRESET) was_reset = true;
    if (got >= 0 || (errno != EINTR && errno != ECONNRESET)) break;
  }
  if (got < 0 && errno == EAGAIN) return SyncMessage::Nothing;
  if (got < 0 || (got == 0 && was_reset)) {
    *error = explain(fail_with(ESRCH, "start", "recvmsg"), "the process was killed before it could execute");
    return SyncMessage::Failed;
  }
  if (got == 0) return SyncMessage::Executed;
  if (passed) {
    *fd = static_cast<Fd&&>(passed);
    if (packet.kind == Kind::Mount) return SyncMessage::Mount;
    return packet.kind == Kind::Terminal ? SyncMessage::Terminal : SyncMessage::Process;
  }
  packet.path[sizeof packet.path - 1] = '\0';
  packet.detail[sizeof packet.detail - 1] = '\0';
  const char* step = intern(packet.step);
  const char* call = intern(packet.syscall);
  *error = explain(fail_with(packet.errnum ? packet.errnum : EIO, step, call, packet.path), packet.detail);
  return SyncMessage::Failed;
}

}  // namespace tc
