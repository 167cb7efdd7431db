// What others learn of this container: its byte in each network's `states`, its line in each port group, its slots.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../common/conntrack.h"
#include "../common/fd.h"
#include "port_group.h"

namespace tc {

namespace {

constexpr char step[] = "publish state";
// Locked at a time, so that one batch changes them together.
constexpr size_t groups_at_once = 64;
constexpr mode_t group_mode = 0644;

Error write_state(const EndpointSpec& endpoint, Presence presence) {
  char path[4096];
  snprintf(path, sizeof path, "%s/states", endpoint.network_run_dir);
  Fd file(open(path, O_WRONLY | O_CLOEXEC));
  // A network that is gone has nobody to tell that its endpoint is.
  if (!file) return errno == ENOENT && presence == Presence::Absent ? Error{} : fail(step, "open", path);
  struct stat status;
  if (fstat(file.get(), &status)) return fail(step, "fstat", path);
  if (endpoint.slot >= static_cast<size_t>(status.st_size)) return fail_with(ERANGE, step, "pwrite", path);
  auto state = static_cast<uint8_t>(presence);
  return pwrite(file.get(), &state, 1, endpoint.slot) == 1 ? Error{} : fail(step, "pwrite", path);
}

// Opens and locks. An empty group's file is unlinked under its lock, so a file that was waited for may be no more.
Error lock_group(const char* path, Fd* file) {
  for (;;) {
    file->reset(open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, group_mode));
    if (!*file) return fail(step, "open", path);
    int locked;
    do {
      locked = flock(file->get(), LOCK_EX);
    } while (locked && errno == EINTR);
    if (locked) return fail(step, "flock", path);
    struct stat status;
    if (fstat(file->get(), &status)) return fail(step, "fstat", path);
    if (status.st_nlink > 0) return {};
  }
}

// Work space of one publication: too big for the stack, given back to the kernel at the end.
struct Workspace {
  char input[max_group_members * max_group_line];
  char output[max_group_members * max_group_line];
  GroupMembers members;
  GroupChange changes[groups_at_once];
};

class Publication {
 public:
  Publication(const char* table, const char* id, const NetworkSpec& spec, bool running, Health health)
      : id_(id), spec_(spec), running_(running), health_(health), batch_(table) {}
  ~Publication() {
    if (work_) munmap(work_, sizeof *work_);
  }

  // One batch for ports[order[0 .. count)].
  Error publish(const size_t* order, size_t count);

 private:
  Error open();
  Error change_file(const char* path, int file, const PublishedPort& port);
  Error change_slots(const PublishedPort& port, GroupChange* change);

  const char* id_;
  const NetworkSpec& spec_;
  bool running_;
  Health health_;
  NftBatch batch_;
  NetlinkSocket* firewall_ = nullptr;
  Workspace* work_ = nullptr;
};

Error firewall_socket(NetlinkSocket** socket) {
  // Closing it would wait for the kernel (see firewall.h), so the process keeps it.
  static NetlinkSocket kept;
  *socket = &kept;
  return kept.is_open() ? Error{} : kept.open(NETLINK_NETFILTER);
}

Error Publication::open() {
  void* memory = mmap(nullptr, sizeof *work_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(step, "mmap");
  work_ = static_cast<Workspace*>(memory);
  return firewall_socket(&firewall_);
}

Error Publication::change_file(const char* path, int file, const PublishedPort& port) {
  ssize_t size = pread(file, work_->input, sizeof work_->input, 0);
  if (size < 0) return fail(step, "read", path);
  GroupMembers& members = work_->members;
  if (!parse_group({work_->input, static_cast<size_t>(size)}, &members)) return fail_with(EPROTO, step, "parse", path);
  GroupMember own = {id_, port.target_address, {{}, port.target}, running_, health_};
  if (!parse_inet_address(port.target_address, &own.backend.address)) return fail_with(EINVAL, step, "parse", path);
  if (!running_) {
    remove_member(&members, id_);
  } else if (!set_member(&members, own)) {
    return fail_with(E2BIG, step, "write", path);
  }
  if (members.count == 0) return unlink(path) ? fail(step, "unlink", path) : Error{};
  size_t length = format_group(members, work_->output, sizeof work_->output);
  if (pwrite(file, work_->output, length, 0) != static_cast<ssize_t>(length)) return fail(step, "write", path);
  return ftruncate(file, static_cast<off_t>(length)) ? fail(step, "ftruncate", path) : Error{};
}

Error Publication::change_slots(const PublishedPort& port, GroupChange* change) {
  change->group = {port.udp, {}, port.port};
  if (!parse_inet_address(port.address, &change->group.address)) {
    return fail_with(EINVAL, step, "parse", port.address);
  }
  if (Error error = read_group(*firewall_, batch_.table(), change->group, &change->from)) return error;
  deal_slots(work_->members, change->from, &change->to);
  put_group_change(batch_, *change);
  return {};
}

Error Publication::publish(const size_t* order, size_t count) {
  if (Error error = open()) return error;
  Fd locks[groups_at_once];
  for (size_t i = 0; i < count; i++) {
    const PublishedPort& port = spec_.ports[order[i]];
    // Named twice: locking it twice would wait for ever.
    if (i > 0 && strcmp(port.group, spec_.ports[order[i - 1]].group) == 0) continue;
    if (Error error = lock_group(port.group, &locks[i])) return error;
    if (Error error = change_file(port.group, locks[i].get(), port)) return error;
    if (Error error = change_slots(port, &work_->changes[i])) return error;
  }
  Error error = batch_.commit(*firewall_);
  if (!error) error = forget_flows(*firewall_, work_->changes, count);
  // No table, or no nf_tables at all: the relay carries everything.
  return error.errnum == ENOENT ? Error{} : error;
}

}  // namespace

Error publish_state(const char* table, const char* id, const NetworkSpec& spec, Presence presence, Health health,
                    bool* accept) {
  bool running = presence != Presence::Absent;
  for (const EndpointSpec& endpoint : spec.endpoints) {
    if (Error error = write_state(endpoint, presence)) return error;
  }
  size_t count = spec.ports.count;
  if (count == 0) return {};
  for (size_t i = 0; i < count; i++) accept[i] = running;
  auto* order = static_cast<size_t*>(malloc(count * sizeof(size_t)));
  if (!order) return fail_with(ENOMEM, step, "malloc");
  for (size_t i = 0; i < count; i++) order[i] = i;
  // Whoever locks several groups does so in the order of their paths.
  std::sort(order, order + count,
            [&](size_t a, size_t b) { return strcmp(spec.ports[a].group, spec.ports[b].group) < 0; });
  Error error;
  for (size_t done = 0; done < count && !error; done += groups_at_once) {
    Publication publication(table, id, spec, running, health);
    error = publication.publish(order + done, std::min(groups_at_once, count - done));
  }
  free(order);
  return error;
}

}  // namespace tc
