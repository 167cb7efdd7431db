// The holder of a port: its socket's inode from /proc/net, then the process that has it open.
#include "port_holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../common/fd.h"

namespace tc {

namespace {

// Socket states of /proc/net/{tcp,udp}: TCP_LISTEN, and TCP_CLOSE for an unconnected UDP socket.
constexpr unsigned state_listen = 10;
constexpr unsigned state_unconnected = 7;

struct Owner {
  InetAddress address;
  uint16_t port;
  unsigned state;
  uint64_t inode;
};

// Addresses stand as words in the host's byte order, eight hex digits each.
bool parse_address(const char* text, size_t digits, InetAddress* address) {
  *address = {static_cast<uint8_t>(digits == 8 ? AF_INET : AF_INET6), static_cast<uint8_t>(digits * 4), {}};
  for (size_t i = 0; i * 8 < digits; i++) {
    unsigned word;
    if (sscanf(text + i * 8, "%8x", &word) != 1) return false;
    memcpy(address->bytes + i * 4, &word, sizeof word);
  }
  return true;
}

bool parse_line(const char* line, Owner* owner) {
  char address[33];
  unsigned port;
  bool parsed = sscanf(line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u %*d %" SCNu64, address, &port,
                       &owner->state, &owner->inode) == 4;
  size_t digits = parsed ? strlen(address) : 0;
  owner->port = static_cast<uint16_t>(port);
  return (digits == 8 || digits == 32) && parse_address(address, digits, &owner->address);
}

// A socket on :: may serve IPv4 too; /proc does not say.
bool conflicts(const Owner& owner, const InetAddress& address) {
  if (owner.address.is_any() && (owner.address.family == address.family || !owner.address.is_v4())) return true;
  if (owner.address.family != address.family) return false;
  return address.is_any() || memcmp(owner.address.bytes, address.bytes, address.size()) == 0;
}

void find_inodes(const char* file, unsigned state, const InetAddress& address, uint16_t port,
                 std::vector<uint64_t>* inodes) {
  FILE* stream = fopen(file, "re");
  if (!stream) return;
  char line[512];
  while (fgets(line, sizeof line, stream)) {
    Owner owner;
    if (!parse_line(line, &owner)) continue;
    if (owner.port == port && owner.state == state && conflicts(owner, address)) inodes->push_back(owner.inode);
  }
  fclose(stream);
}

bool has_socket(int fds, const std::vector<uint64_t>& inodes) {
  DIR* directory = fdopendir(fds);
  if (!directory) {
    close(fds);
    return false;
  }
  bool found = false;
  while (dirent* entry = readdir(directory)) {
    char link[64];
    uint64_t inode;
    ssize_t length = readlinkat(dirfd(directory), entry->d_name, link, sizeof link - 1);
    if (length <= 0) continue;
    link[length] = '\0';
    if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1) continue;
    for (uint64_t wanted : inodes) found = found || inode == wanted;
    if (found) break;
  }
  closedir(directory);
  return found;
}

std::string describe(int proc, const char* pid) {
  char comm[32] = "";
  Fd file(openat(proc, (std::string(pid) + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
  ssize_t got = file ? read(file.get(), comm, sizeof comm - 1) : 0;
  if (got > 0) comm[got - 1] = '\0';
  return std::string("pid ") + pid + " (" + comm + ")";
}

}  // namespace

std::string find_port_holder(bool udp, const InetAddress& address, uint16_t port) {
  std::vector<uint64_t> inodes;
  unsigned state = udp ? state_unconnected : state_listen;
  find_inodes(udp ? "/proc/net/udp" : "/proc/net/tcp", state, address, port, &inodes);
  find_inodes(udp ? "/proc/net/udp6" : "/proc/net/tcp6", state, address, port, &inodes);
  if (inodes.empty()) return "";
  DIR* proc = opendir("/proc");
  if (!proc) return "";
  std::string holder;
  while (dirent* entry = readdir(proc)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    int fds = openat(dirfd(proc), (std::string(entry->d_name) + "/fd").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fds < 0 || !has_socket(fds, inodes)) continue;
    holder = describe(dirfd(proc), entry->d_name);
    break;
  }
  closedir(proc);
  return holder;
}

}  // namespace tc
