#include "merged_tree.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <string>
#include <vector>

namespace tc {

namespace {

// The options of an overlay name directories by descriptors: short, so that a page holds some 240 layers, and free of
// characters to escape.
class OverlayOptions {
 public:
  Error add(const char* option, char** paths, int count) {
    text_ += (text_.empty() ? "" : ",") + std::string(option) + "=";
    for (int i = 0; i < count; i++) {
      directories_.emplace_back(open(paths[i], O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!directories_.back()) return fail("merge", "open", paths[i]);
      text_ += (i > 0 ? ":/proc/self/fd/" : "/proc/self/fd/") + std::to_string(directories_.back().get());
    }
    return {};
  }
  Error mount_over(const char* target, unsigned long flags) const {
    return mount("overlay", target, "overlay", flags, text_.c_str()) < 0 ? fail("merge", "mount", target) : Error{};
  }

 private:
  std::vector<Fd> directories_;
  std::string text_;
};

// Before anything is opened: overlayfs takes only what is mounted in its own namespace.
Error leave_mount_namespace() {
  if (unshare(CLONE_NEWNS) < 0) return fail("merge", "unshare");
  return mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ? fail("merge", "mount") : Error{};
}

}  // namespace

Error open_writable(char* work, char* upper, char** lower, int count, Fd* merged) {
  OverlayOptions options;
  Error error = leave_mount_namespace();
  if (!error) error = options.add("lowerdir", lower, count);
  if (!error) error = options.add("upperdir", &upper, 1);
  if (!error) error = options.add("workdir", &work, 1);
  if (!error) error = options.mount_over(upper, 0);
  if (error) return error;
  merged->reset(open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return *merged ? Error{} : fail("merge", "open", upper);
}

Error open_merged(char** layers, int count, Fd* merged) {
  if (count > 1) {
    OverlayOptions options;
    Error error = leave_mount_namespace();
    if (!error) error = options.add("lowerdir", layers, count);
    if (!error) error = options.mount_over(layers[0], MS_RDONLY);
    if (error) return error;
  }
  merged->reset(open(layers[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return *merged ? Error{} : fail("merge", "open", layers[0]);
}

}  // namespace tc
