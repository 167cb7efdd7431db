// `names` is replaced by rename and never written in place, so a mapping of it stays whole; `states` only grows.
#include "dns_zone.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <charconv>
#include <cstring>

#include "fields.h"
#include "sandbox.h"

namespace tc {

namespace {

constexpr char names_file[] = "names";
constexpr char states_file[] = "states";
constexpr std::string_view header = "tcompose-names 1";

// Docker Compose wrote proj_web_1 once and proj-web-1 now; people use both.
bool equals_but_for_dashes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); i++) {
    if ((a[i] == '_' ? '-' : a[i]) != (b[i] == '_' ? '-' : b[i])) return false;
  }
  return true;
}

bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

Error DnsZone::open(const char* directory) {
  if (Error error = open_for_child(directory, &directory_)) return error;
  states_file_.reset(openat(directory_.get(), states_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return states_file_ ? Error{} : fail("start network child", "open", states_file);
}

Error DnsZone::refresh() {
  struct stat status;
  if (fstatat(directory_.get(), names_file, &status, AT_SYMLINK_NOFOLLOW)) {
    if (errno != ENOENT) return fail("read names", "stat", names_file);
    unmap_names();
    return {};
  }
  if (names_ && is_same_file(status, names_status_)) return {};
  if (Error error = map_names(status)) return error;
  return map_states();
}

void DnsZone::unmap_names() {
  if (names_) munmap(names_, names_size_);
  names_ = nullptr;
  text_ = {};
}

Error DnsZone::map_names(const struct stat& status) {
  unmap_names();
  Fd file(openat(directory_.get(), names_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return fail("read names", "open", names_file);
  if (fstat(file.get(), &names_status_)) return fail("read names", "fstat", names_file);
  // Replaced between the two looks: the next query sees a difference and comes here again.
  if (!is_same_file(status, names_status_)) names_status_.st_ino = 0;
  names_size_ = static_cast<size_t>(names_status_.st_size);
  if (names_size_ == 0) return {};
  void* mapping = mmap(nullptr, names_size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapping == MAP_FAILED) return fail("read names", "mmap", names_file);
  names_ = mapping;
  std::string_view text(static_cast<const char*>(mapping), names_size_);
  std::string_view first = take_field(&text, '\n');
  if (first != header) return fail_with(EPROTO, "read names", "parse", names_file);
  text_ = text;
  return {};
}

Error DnsZone::map_states() {
  struct stat status;
  if (fstat(states_file_.get(), &status)) return fail("read names", "fstat", states_file);
  auto size = static_cast<size_t>(status.st_size);
  if (size == states_size_) return {};
  if (states_) munmap(const_cast<uint8_t*>(states_), states_size_);
  states_ = nullptr;
  states_size_ = 0;
  void* mapping = mmap(nullptr, size, PROT_READ, MAP_SHARED, states_file_.get(), 0);
  if (mapping == MAP_FAILED) return fail("read names", "mmap", states_file);
  states_ = static_cast<const uint8_t*>(mapping);
  states_size_ = size;
  return {};
}

bool DnsZone::next_endpoint(std::string_view* rest, DnsEndpoint* endpoint) const {
  std::string_view line = take_field(rest, '\n');
  std::string_view slot = take_field(&line, ' ');
  take_field(&line, ' ');  // container id
  endpoint->ipv4 = take_field(&line, ' ');
  endpoint->ipv6 = take_field(&line, ' ');
  endpoint->primary = take_field(&line, ' ');
  endpoint->names = take_field(&line, ' ');
  size_t index = 0;
  auto [end, error] = std::from_chars(slot.data(), slot.data() + slot.size(), index);
  if (error != std::errc() || end != slot.data() + slot.size()) return false;
  // The monitors write it while we read.
  uint8_t state = index < states_size_ ? __atomic_load_n(states_ + index, __ATOMIC_RELAXED) : 0;
  endpoint->presence = state <= uint8_t(Presence::Newcomer) ? Presence(state) : Presence::Absent;
  return !endpoint->primary.empty();
}

bool DnsZone::goes_by(const DnsEndpoint& endpoint, std::string_view name) {
  if (equals_but_for_dashes(endpoint.primary, name)) return true;
  std::string_view names = endpoint.names;
  while (!names.empty()) {
    if (take_field(&names, ',') == name) return true;
  }
  return false;
}

}  // namespace tc
