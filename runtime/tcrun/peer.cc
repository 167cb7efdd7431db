// One request to another monitor's control socket, one descriptor in the answer.
#include "peer.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstring>

#include "../common/receive_fd.h"
#include "../common/text.h"

namespace tc {

namespace {

constexpr char kStep[] = "peer";

Error connect_to(const char* control, Fd* socket) {
  constexpr timeval kPatience{5, 0};
  const char* slash = strrchr(control, '/');
  if (!slash) return fail_with(EINVAL, kStep, "open", control);
  Path parent;
  parent.add(control, size_t(slash - control));
  Fd directory(open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  socket->reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!*socket || !directory) return fail(kStep, "open", control);
  // sockaddr_un has room for short paths only.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  Text name(address.sun_path);
  name.add("/proc/self/fd/").number(directory.get()).add(slash);
  setsockopt(socket->get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  if (connect(socket->get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return {};
  return fail(kStep, "connect", control);
}

// The monitor answers from its loop at once or it is gone.
Error fetch(const char* control, const Text& request, Fd* fd) {
  Fd socket;
  Error error = connect_to(control, &socket);
  if (error) return error;
  if (send(socket.get(), request.c_str(), request.length(), MSG_NOSIGNAL) < 0) return fail(kStep, "send", control);
  char line[512];
  if (receive_with_fd(socket.get(), line, sizeof line, 0, fd) <= 0) return fail(kStep, "recvmsg", control);
  return *fd ? Error{} : fail_with(ENOENT, kStep, "recvmsg", control);
}

Error fetch_namespace(const char* control, const char* type, Fd* fd) {
  FixedText<64> request;
  request.add("{\"v\":1,\"op\":\"namespace\",\"type\":\"").add(type).add("\"}\n");
  Error error = fetch(control, request, fd);
  return error ? explain(error, "the container whose namespace it shares does not run") : error;
}

}  // namespace

Error fetch_netns(const char* control, Fd* netns) {
  FixedText<64> request;
  request.add("{\"v\":1,\"op\":\"netns\"}\n");
  return fetch(control, request, netns);
}

Error fetch_namespaces(List<JoinSpec> joins, JoinedNamespaces* joined) {
  Error error;
  for (const JoinSpec& join : joins) {
    if (join.flag == CLONE_NEWPID) error = fetch_namespace(join.control, "pid", &joined->pid);
    if (join.flag == CLONE_NEWIPC) error = fetch_namespace(join.control, "ipc", &joined->ipc);
    if (join.flag == CLONE_NEWUTS) error = fetch_namespace(join.control, "uts", &joined->uts);
    Fd* lender = join.flag == CLONE_NEWPID ? &joined->pid_lender : &joined->ipc_lender;
    if (error.ok() && join.mounts.count) error = fetch_namespace(join.control, "mnt", lender);
    if (error) return error;
  }
  return {};
}

}  // namespace tc
