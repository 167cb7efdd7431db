// Mounted volumes.
#include "volumes.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>

#include "../common/text.h"

namespace tc {

Error lock_volumes(List<const char*> volumes, Fd* locks) {
  for (size_t i = 0; i < volumes.count; i++) {
    locks[i].reset(open(volumes[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!locks[i]) return fail("volume", "open", volumes[i]);
    if (flock(locks[i].get(), LOCK_SH | LOCK_NB) != 0) return fail("volume", "flock", volumes[i]);
  }
  return {};
}

void release_volumes(List<const char*> volumes, Fd* locks) {
  for (size_t i = 0; i < volumes.count; i++) {
    if (!locks[i]) continue;
    Path data;
    data.add(volumes[i]).add("/_data");
    // Of a server that does not answer nothing is waited for. What fails, the next command's sweep does.
    if (flock(locks[i].get(), LOCK_EX | LOCK_NB) == 0) umount2(data.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    locks[i].reset();
  }
}

}  // namespace tc
