// What the network child sees of its port groups: whether this container serves the port now. Monitors of the other
// replicas change that without a word to it, so it looks whenever somebody knocks.
#pragma once
#include <sys/stat.h>

#include "port_group.h"

namespace tc {

// First: of several in the set, the one who serves what only one can serve.
enum class GroupRole : uint8_t { Out, Member, First };

class GroupView {
 public:
  // `directory` is held open for the view; `file` and `own` outlive it.
  GroupView(int directory, const char* file, const Backend& own) : directory_(directory), file_(file), own_(own) {}
  GroupRole role();

 private:
  GroupRole read_role();

  int directory_;
  const char* file_;
  Backend own_;
  GroupRole role_ = GroupRole::First;
  struct stat seen_ = {};
};

}  // namespace tc
