#include "merged_tree.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <string>
#include <vector>

namespace tc {

Error open_merged(char** layers, int count, Fd* merged) {
  if (count > 1) {
    // Before anything is opened: overlayfs takes only what is mounted in its own namespace.
    if (unshare(CLONE_NEWNS) < 0) return fail("merge", "unshare");
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return fail("merge", "mount");
    std::vector<Fd> directories;
    std::string options = "lowerdir=";
    for (int i = 0; i < count; i++) {
      directories.emplace_back(open(layers[i], O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!directories.back()) return fail("merge", "open", layers[i]);
      // Short, so that a page of options holds some 240 layers, and free of characters to escape.
      options += (i > 0 ? ":/proc/self/fd/" : "/proc/self/fd/") + std::to_string(directories.back().get());
    }
    if (mount("overlay", layers[0], "overlay", MS_RDONLY, options.c_str()) < 0) {
      return fail("merge", "mount", layers[0]);
    }
  }
  merged->reset(open(layers[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return *merged ? Error{} : fail("merge", "open", layers[0]);
}

}  // namespace tc
