// A monitor's network part alone, driven line by line over stdin, for the tests: namespace, endpoints, network child,
// published state. Descriptors 3 and up are the published sockets. Ends, and lets go of everything, at end of input.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "../tcrun/network.h"
#include "../tcrun/sandbox.h"

namespace {

using namespace tc;

std::deque<std::string> texts;

const char* keep(const std::string& text) { return text == "-" ? nullptr : texts.emplace_back(text).c_str(); }

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> words;
  size_t start = 0;
  for (size_t i = 0; i <= line.size(); i++) {
    if (i < line.size() && line[i] != separator) continue;
    if (i > start) words.push_back(line.substr(start, i - start));
    start = i + 1;
  }
  return words;
}

class Lab {
 public:
  // False: no such command.
  bool run(const std::vector<std::string>& words);

 private:
  void add_endpoint(const std::vector<std::string>& w);
  void add_dns(const std::vector<std::string>& w);
  void add_port(const std::vector<std::string>& w);
  void make_spec();
  void start();
  void start_child();
  void publish(const std::vector<std::string>& w);
  void probe(const std::string& what);
  void climb(const std::string& path);
  void answer(const Error& error, const std::string& text = "");

  std::string id_ = "0";
  std::string table_;
  std::vector<EndpointSpec> endpoints_;
  std::vector<PublishedPort> ports_;
  std::vector<const char*> upstreams_;
  std::vector<KeyValue> links_;
  std::vector<int> sockets_;
  bool dns_ = false;
  NetworkSpec spec_ = {};
  NetworkChild child_;
  int netns_ = -1;
};

void Lab::answer(const Error& error, const std::string& text) {
  if (error) {
    printf("error %s %s %s %s\n", error.step, error.syscall, errno_name(error.errnum), error.path);
  } else {
    printf("ok %s\n", text.c_str());
  }
  fflush(stdout);
}

// endpoint <run dir> <bridge> <host interface> <interface> <mac> <ipv4> <gateway> <ipv6> <gateway> <default> <slot>
void Lab::add_endpoint(const std::vector<std::string>& w) {
  EndpointSpec endpoint = {};
  endpoint.network_id = "network";
  endpoint.network_run_dir = keep(w[1]);
  endpoint.bridge = keep(w[2]);
  endpoint.host_interface = keep(w[3]);
  endpoint.interface = keep(w[4]);
  endpoint.mac = keep(w[5]);
  endpoint.mtu = 1500;
  endpoint.ipv4 = keep(w[6]);
  endpoint.ipv4_gateway = keep(w[7]);
  endpoint.ipv6 = keep(w[8]);
  endpoint.ipv6_gateway = keep(w[9]);
  endpoint.is_default = w[10] == "1";
  endpoint.slot = static_cast<uint32_t>(atoi(w[11].c_str()));
  endpoints_.push_back(endpoint);
}

void Lab::add_dns(const std::vector<std::string>& w) {
  dns_ = true;
  for (size_t i = 1; i < w.size(); i++) upstreams_.push_back(keep(w[i]));
}

// port <tcp|udp> <address> <port> <target> <target address> <group>
void Lab::add_port(const std::vector<std::string>& w) {
  auto number = [](const std::string& text) { return static_cast<uint16_t>(atoi(text.c_str())); };
  ports_.push_back({w[1] == "udp", keep(w[2]), number(w[3]), number(w[4]), keep(w[5]), keep(w[6])});
  sockets_.push_back(3 + static_cast<int>(sockets_.size()));
}

void Lab::make_spec() {
  spec_.mode = NetworkMode::Private;
  spec_.endpoints = {endpoints_.data(), endpoints_.size()};
  spec_.ports = {ports_.data(), ports_.size()};
  spec_.dns = {dns_, {upstreams_.data(), upstreams_.size()}, {links_.data(), links_.size()}};
}

void Lab::start_child() {
  int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  Error error = start_network_child(spec_, netns_, sockets_.data(), sockets_.size(), null_fd, &child_);
  close(null_fd);
  if (!error) error = await_network_child(&child_);
  answer(error, "child=" + std::to_string(child_.pid) + " netns=" + std::to_string(netns_));
}

void Lab::start() {
  make_spec();
  if (Error error = make_network_namespace(&netns_)) return answer(error);
  if (Error error = bring_up_loopback(netns_)) return answer(error);
  if (Error error = set_up_network(spec_, netns_)) return answer(error);
  start_child();
}

// publish <running 0|1> <health>
void Lab::publish(const std::vector<std::string>& w) {
  static constexpr const char* names[] = {"none", "starting", "healthy", "unhealthy"};
  Health health = Health::None;
  for (size_t i = 0; i < 4; i++) {
    if (w[2] == names[i]) health = static_cast<Health>(i);
  }
  bool accept[64] = {};
  Error error = publish_state(table_.c_str(), id_.c_str(), spec_, w[1] == "1" ? Presence::Running : Presence::Absent, health, accept);
  for (size_t i = 0; i < ports_.size(); i++) network_child_accept(child_, i, accept[i]);
  answer(error);
}

// What a taken-over network child might try; the rest of the program must not be able to tell that it failed.
void attempt(const std::string& what) {
  if (what == "open-write") open("/x", O_WRONLY | O_CREAT, 0600);
  if (what == "open-read") _exit(open("/etc/passwd", O_RDONLY) >= 0 ? 1 : 0);
  if (what == "unix-socket") socket(AF_UNIX, SOCK_STREAM, 0);
  if (what == "netlink-socket") socket(AF_NETLINK, SOCK_RAW, 0);
  if (what == "execute-memory") mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (what == "execute") execl("/bin/true", "true", nullptr);
  if (what == "fork") fork();
  if (what == "kill") kill(1, 0);
  if (what == "chroot") (void)!chroot("/");
}

// Tries it in a sandbox and tells how that process ended.
void Lab::probe(const std::string& what) {
  pid_t pid = fork();
  if (pid == 0) {
    Fd root;
    if (make_empty_root(&root) || enter_sandbox(root.get())) _exit(3);
    attempt(what);
    _exit(2);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  answer({}, WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                 : "exit " + std::to_string(WEXITSTATUS(status)));
}

// What a child that was taken over can reach from the one directory that it holds.
void Lab::climb(const std::string& path) {
  Fd directory;
  Error error = open_for_child(endpoints_[0].network_run_dir, &directory);
  if (error) return answer(error);
  Fd file(openat(directory.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  answer({}, file ? "opened" : errno_name(errno));
}

bool Lab::run(const std::vector<std::string>& w) {
  const std::string& command = w[0];
  if (command == "id") {
    id_ = w[1];
    table_ = w[2];
  } else if (command == "endpoint") {
    add_endpoint(w);
  } else if (command == "dns") {
    add_dns(w);
  } else if (command == "link") {
    links_.push_back({keep(w[1]), keep(w[2])});
  } else if (command == "port") {
    add_port(w);
  } else if (command == "start") {
    start();
  } else if (command == "set-up-again") {
    answer(set_up_network(spec_, netns_));
  } else if (command == "restart-child") {
    kill_network_child(&child_);
    start_child();
  } else if (command == "child-status") {
    int status = 0;
    pid_t ended = waitpid(child_.pid, &status, WNOHANG);
    answer({}, ended == 0 ? "alive" : "signal=" + std::to_string(WTERMSIG(status)));
  } else if (command == "accept") {
    network_child_accept(child_, static_cast<size_t>(atoi(w[1].c_str())), w[2] == "1");
    answer({});
  } else if (command == "publish") {
    publish(w);
  } else if (command == "probe") {
    probe(w[1]);
  } else if (command == "climb") {
    climb(w[1]);
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main() {
  Lab lab;
  char* line = nullptr;
  size_t size = 0;
  while (getline(&line, &size, stdin) > 0) {
    line[strcspn(line, "\n")] = '\0';
    std::vector<std::string> words = split(line, ' ');
    if (!words.empty() && !lab.run(words)) return 2;
  }
  free(line);
  return 0;
}
