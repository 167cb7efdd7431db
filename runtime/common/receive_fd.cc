#include "receive_fd.h"

#include <sys/socket.h>

#include <cstring>

namespace tc {

ssize_t receive_with_fd(int socket, void* data, size_t size, int flags, Fd* fd) {
  iovec vector{data, size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  cmsghdr* header = got < 0 ? nullptr : CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int))) {
    int received = -1;
    memcpy(&received, CMSG_DATA(header), sizeof received);
    fd->reset(received);
  }
  return got;
}

}  // namespace tc
