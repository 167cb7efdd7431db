// The network child: started with privileges, serving without. It stays in the host's network namespace, from where
// it reaches containers' addresses and the host's resolvers; only its DNS sockets are of the container's.
#include <linux/prctl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "dns_redirect.h"
#include "dns_server.h"
#include "namespace_visit.h"
#include "network.h"
#include "relay_tcp.h"
#include "relay_udp.h"
#include "sandbox.h"

namespace tc {

namespace {

constexpr char step[] = "start network child";
constexpr size_t max_udp_peers = 1024;
// Descriptors that do not come and go: standard streams, sockets of its own, directories.
constexpr size_t fixed_descriptors = 64;

// Monitor to child: accept, or no longer, on the published socket of this index.
struct AcceptCommand {
  uint32_t index;
  uint32_t accept;
};

struct ChildSockets {
  Fd dns_udp;
  Fd dns_tcp;
  Fd root;  // of the child, which lets go of it
  const int* published;
  size_t published_count;
  int control;
};

class NetworkChildProcess final : public Watcher {
 public:
  Error prepare(const NetworkSpec& spec, ChildSockets& sockets);
  void serve() { loop_.run(); }
  void on_ready(uint32_t events) override;

 private:
  Error prepare_ports(const NetworkSpec& spec, const ChildSockets& sockets);
  Error open_group(const char* path, int* directory, const char** file);
  Error close_others(const ChildSockets& sockets, size_t endpoints);

  EventLoop loop_;
  int control_ = -1;
  DnsResolver resolver_;
  DnsServer dns_;
  RelayPort* ports_ = nullptr;
  size_t port_count_ = 0;
  // The directory that all port groups of an instance are in.
  Fd groups_;
  TcpRelay tcp_;
  UdpRelay udp_;
};

Error NetworkChildProcess::open_group(const char* path, int* directory, const char** file) {
  const char* slash = strrchr(path, '/');
  char parent[4096];
  auto length = static_cast<size_t>(slash ? slash - path : 0);
  if (length == 0 || length >= sizeof parent) return fail_with(EINVAL, step, "parse", path);
  memcpy(parent, path, length);
  parent[length] = '\0';
  if (!groups_) {
    if (Error error = open_for_child(parent, &groups_)) return error;
  }
  *directory = groups_.get();
  *file = slash + 1;
  return {};
}

Error NetworkChildProcess::prepare_ports(const NetworkSpec& spec, const ChildSockets& sockets) {
  if (Error error = map_array(sockets.published_count, &ports_)) return error;
  for (; port_count_ < sockets.published_count; port_count_++) {
    const PublishedPort& port = spec.ports[port_count_];
    Backend own = {{}, port.target};
    int directory = -1;
    const char* file = "";
    if (!parse_inet_address(port.target_address, &own.address)) {
      return fail_with(EINVAL, step, "parse", port.target_address);
    }
    if (Error error = open_group(port.group, &directory, &file)) return error;
    auto* relayed = new (ports_ + port_count_)
        RelayPort{sockets.published[port_count_], port.udp, {}, 0, GroupView(directory, file, own)};
    relayed->target_size = to_sockaddr(own.address, port.target, &relayed->target);
  }
  return {};
}

Error NetworkChildProcess::close_others(const ChildSockets& sockets, size_t endpoints) {
  int* kept = nullptr;
  size_t count = 0;
  if (Error error = map_array(6 + sockets.published_count + 2 * endpoints, &kept)) return error;
  for (int fd : {loop_.descriptor(), sockets.control, sockets.dns_udp.get(), sockets.dns_tcp.get(), sockets.root.get(),
                 groups_.get()}) {
    kept[count++] = fd;
  }
  for (size_t i = 0; i < sockets.published_count; i++) kept[count++] = sockets.published[i];
  resolver_.visit_descriptors([&](int fd) { kept[count++] = fd; });
  return close_all_but(kept, count);
}

Error NetworkChildProcess::prepare(const NetworkSpec& spec, ChildSockets& sockets) {
  control_ = sockets.control;
  if (Error error = loop_.open()) return error;
  if (Error error = prepare_ports(spec, sockets)) return error;
  if (sockets.dns_udp) {
    if (Error error = resolver_.open(spec)) return error;
  }
  if (Error error = close_others(sockets, spec.endpoints.count)) return error;
  // Two descriptors a connection, and half as many for pipes and everything else.
  size_t limit = limit_descriptors();
  size_t connections = limit > fixed_descriptors + port_count_ ? (limit - fixed_descriptors - port_count_) / 3 : 1;
  if (Error error = tcp_.open(&loop_, ports_, port_count_, connections)) return error;
  if (Error error = udp_.open(&loop_, ports_, port_count_, max_udp_peers)) return error;
  if (sockets.dns_udp) {
    Error error = dns_.open(&loop_, &resolver_, spec.dns, sockets.dns_udp.get(), sockets.dns_tcp.get());
    if (error) return error;
  }
  if (!loop_.add(control_, EPOLLIN, this)) return fail(step, "epoll_ctl");
  int root = sockets.root.release();
  if (Error error = enter_sandbox(root)) return error;
  close(root);
  // The first look at the names shows whether this user may read them.
  return sockets.dns_udp ? resolver_.refresh() : Error{};
}

void NetworkChildProcess::on_ready(uint32_t) {
  AcceptCommand command;
  ssize_t got = recv(control_, &command, sizeof command, MSG_DONTWAIT);
  if (got < 0) return;
  // The monitor has gone, and the container with it.
  if (got != sizeof command) return loop_.stop();
  if (command.index >= port_count_) return;
  tcp_.set_accepting(command.index, command.accept);
  udp_.set_accepting(command.index, command.accept);
}

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD}) ::signal(signal, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const NetworkSpec& spec, ChildSockets& sockets, int null_fd) {
  prctl(PR_SET_NAME, "tcrun-network", 0, 0, 0);
  reset_signals();
  for (int fd : {0, 1, 2}) dup2(null_fd, fd);
  NetworkChildProcess child;
  Error error = child.prepare(spec, sockets);
  // The monitor is the same program at the same addresses, so the error's texts mean the same to it.
  bool reported = send(sockets.control, &error, sizeof error, MSG_NOSIGNAL) == sizeof error;
  if (error || !reported) _exit(1);
  child.serve();
  _exit(0);
}

Error open_dns(const NetworkSpec& spec, int netns, ChildSockets* sockets) {
  if (!spec.dns.enabled) return {};
  NamespaceVisit visit;
  if (Error error = visit.enter(netns)) return error;
  return open_dns_sockets(&sockets->dns_udp, &sockets->dns_tcp);
}

Error await_ready(int control) {
  Error error;
  ssize_t got;
  do {
    got = recv(control, &error, sizeof error, 0);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof error) return error;
  return fail_with(got < 0 ? errno : EPIPE, step, "recv");
}

}  // namespace

Error start_network_child(const NetworkSpec& spec, int netns, const int* sockets, size_t socket_count, int null_fd,
                          NetworkChild* child) {
  *child = {};
  if (!spec.dns.enabled && socket_count == 0) return {};
  if (socket_count > spec.ports.count) return fail_with(EINVAL, step, "parse", "sockets");
  ChildSockets inherited = {{}, {}, {}, sockets, socket_count, -1};
  if (Error error = open_dns(spec, netns, &inherited)) return error;
  if (Error error = make_empty_root(&inherited.root)) return error;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) return fail(step, "socketpair");
  Fd own(pair[0]);
  Fd other(pair[1]);
  inherited.control = other.get();
  pid_t pid = fork();
  if (pid < 0) return fail(step, "fork");
  if (pid == 0) run_child(spec, inherited, null_fd);
  child->pid = pid;
  child->control = own.release();
  child->root = inherited.root.release();
  return {};
}

Error await_network_child(NetworkChild* child) {
  if (!child->pid) return {};
  Error error = await_ready(child->control);
  if (error) kill_network_child(child);
  return error;
}

void kill_network_child(NetworkChild* child) {
  if (!child->pid) return;
  kill(child->pid, SIGKILL);
  waitpid(child->pid, nullptr, 0);
  forget_network_child(child);
}

void forget_network_child(NetworkChild* child) {
  close(child->control);
  close(child->root);
  *child = {};
}

void network_child_accept(const NetworkChild& child, size_t index, bool accept) {
  if (child.control < 0) return;
  AcceptCommand command = {static_cast<uint32_t>(index), accept};
  send(child.control, &command, sizeof command, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace tc
