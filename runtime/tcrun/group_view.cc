// Read without a lock, which the child could keep others waiting with: what is read while somebody writes is read
// again.
#include "group_view.h"

#include <fcntl.h>
#include <unistd.h>

#include "../common/fd.h"
#include "clock.h"

namespace tc {

namespace {

// A file that changed this recently may change again without its time stamp telling.
constexpr int64_t settled_after_ms = 100;

char text[max_group_members * max_group_line];
GroupMembers members;

bool is_settled(const struct stat& status) {
  timespec now = wall_clock();
  int64_t age_ms = (now.tv_sec - status.st_mtim.tv_sec) * 1000 + (now.tv_nsec - status.st_mtim.tv_nsec) / 1'000'000;
  return age_ms > settled_after_ms;
}

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

GroupRole GroupView::role() {
  struct stat status;
  // Nobody shares the port.
  if (fstatat(directory_, file_, &status, AT_SYMLINK_NOFOLLOW)) return GroupRole::First;
  if (is_same(status, seen_)) return role_;
  seen_ = is_settled(status) ? status : (struct stat){};
  role_ = read_role();
  return role_;
}

GroupRole GroupView::read_role() {
  Fd file(openat(directory_, file_, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return role_;
  ssize_t size = pread(file.get(), text, sizeof text, 0);
  if (size <= 0 || !parse_group({text, static_cast<size_t>(size)}, &members)) return role_;
  bool first = true;
  for (size_t i = 0; i < members.count; i++) {
    const GroupMember& member = members.at[i];
    if (!is_in_set(members, member)) continue;
    if (member.backend == own_) return first ? GroupRole::First : GroupRole::Member;
    first = false;
  }
  return GroupRole::Out;
}

}  // namespace tc
