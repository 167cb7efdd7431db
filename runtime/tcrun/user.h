// Who a process runs as, looked up in the container's own /etc/passwd and /etc/group.
#pragma once
#include "spec.h"

namespace tc {

struct User {
  uint32_t uid = 0;
  uint32_t gid = 0;
  List<uint32_t> groups;       // supplementary, the primary group among them (CVE-2022-36109)
  const char* home = nullptr;  // of the passwd entry; null without one
};

// `wanted` is "name", "uid", "name:group", "uid:gid" ... Digits are numbers, never names (CVE-2026-46680). Without a
// group the passwd entry gives the primary group and /etc/group the supplementary ones, as Docker does. Null: the
// numbers in `process`.
Error resolve_user(int root, const char* wanted, const ProcessSpec& process, List<const char*> group_add, Arena& arena,
                   User* user);

}  // namespace tc
