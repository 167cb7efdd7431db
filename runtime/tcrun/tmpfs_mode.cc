// The mode of a tmpfs that says none.
#include "tmpfs_mode.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "../common/fd.h"
#include "../common/in_root.h"

namespace tc {

namespace {

bool says_mode(List<const char*> options) {
  for (const char* option : options) {
    if (strncmp(option, "mode=", 5) == 0) return true;
  }
  return false;
}

}  // namespace

List<const char*> with_mode(const MountSpec& mount, List<const char*> options, int root, Arena& arena) {
  Fd covered;
  struct stat st {};
  if (strcmp(mount.type, "tmpfs") != 0 || says_mode(options)) return options;
  if (open_in_root(root, mount.destination, O_PATH, &covered) || fstat(covered.get(), &st) != 0) return options;
  char mode[] = "mode=0000";
  for (int digit = 0; digit < 4; digit++) mode[8 - digit] = char('0' + ((st.st_mode >> (3 * digit)) & 7));
  const char** kept = arena.make<const char*>(options.count + 1);
  for (size_t i = 0; i < options.count; i++) kept[i] = options[i];
  kept[options.count] = arena.copy(mode);
  return {kept, options.count + 1};
}

}  // namespace tc
