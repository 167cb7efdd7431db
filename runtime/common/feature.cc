// TCOMPOSE_DISABLE.
#include "feature.h"

#include <cstdlib>
#include <cstring>

namespace tc {

bool is_disabled(Feature feature) {
  static const char* const kNames[] = {"mount-api",     "lowerdir+",   "clone-into-cgroup",
                                       "seal-by-mount", "setns-pidfd", "idmap"};
  const char* name = kNames[size_t(feature)];
  size_t length = strlen(name);
  for (const char* at = getenv("TCOMPOSE_DISABLE"); at && *at;) {
    size_t word = strcspn(at, ",");
    if (word == length && memcmp(at, name, length) == 0) return true;
    at += word + (at[word] == ',');
  }
  return false;
}

}  // namespace tc
