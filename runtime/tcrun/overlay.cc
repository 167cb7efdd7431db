// Overlay by fsopen with one lowerdir+ per layer, else by mount(2).
#include "overlay.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/feature.h"
#include "../common/kernel.h"
#include "../common/overlay_api.h"
#include "../common/text.h"
#include "mount.h"

namespace tc {

namespace {

constexpr char kStep[] = "rootfs";
constexpr size_t kMaxFsconfigString = 255;
// The kernel's own limit (OVL_MAX_STACK).
constexpr size_t kMaxLayers = 500;

// Overlay unescapes "\" in upperdir and workdir, and fsconfig(2) takes 255 bytes: such paths go by descriptor.
Error set_directory(int fs, const char* key, const char* path) {
  if (strlen(path) <= kMaxFsconfigString && !strpbrk(path, "\\,:")) {
    return fsconfig(fs, FSCONFIG_SET_STRING, key, path, 0) == 0 ? Error{} : fail_with_log(fs, kStep, "fsconfig", path);
  }
  Fd directory(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail(kStep, "open", path);
  FixedText<32> name;
  name.add("/proc/self/fd/").number(directory.get());
  if (fsconfig(fs, FSCONFIG_SET_STRING, key, name.c_str(), 0) == 0) return {};
  return fail_with_log(fs, kStep, "fsconfig", path);
}

// False: this kernel does not know lowerdir+ (before Linux 6.8).
bool mount_by_api(const RootSpec& spec, int target, const char* target_path, Fd* root, Error* error) {
  Fd fs(fsopen("overlay", FSOPEN_CLOEXEC));
  if (!fs) {
    *error = explain(fail(kStep, "fsopen", "overlay"), "the kernel has no overlay file system");
    return true;
  }
  if (takes_anything(fs.get())) return false;
  for (size_t i = 0; i < spec.layers.count; i++) {
    *error = set_directory(fs.get(), "lowerdir+", spec.layers[i]);
    if (*error && i == 0 && error->errnum == EINVAL) return false;
    if (*error) return true;
  }
  if (spec.upper) *error = set_directory(fs.get(), "upperdir", spec.upper);
  if (spec.upper && error->ok()) *error = set_directory(fs.get(), "workdir", spec.work);
  if (error->ok() && fsconfig(fs.get(), FSCONFIG_SET_STRING, "source", "overlay", 0) != 0) {
    *error = fail_with_log(fs.get(), kStep, "fsconfig", "overlay");
  }
  if (error->ok() && spec.is_volatile && fsconfig(fs.get(), FSCONFIG_SET_FLAG, "volatile", nullptr, 0) != 0) {
    *error = fail_with_log(fs.get(), kStep, "fsconfig", "volatile");
  }
  if (*error) return true;
  if (fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    *error = fail_with_log(fs.get(), kStep, "fsconfig", target_path);
    return true;
  }
  Fd mount(fsmount(fs.get(), FSMOUNT_CLOEXEC, 0));
  if (!mount) {
    *error = fail_with_log(fs.get(), kStep, "fsmount", target_path);
    return true;
  }
  if (move_mount(mount.get(), "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
    *error = fail(kStep, "move_mount", target_path);
  }
  *root = static_cast<Fd&&>(mount);
  return true;
}

// mount(2) takes one page of options. Named relative to /proc/self/fd a layer needs four bytes of it, not its path.
class ClassicLayers {
 public:
  ~ClassicLayers() {
    for (size_t i = 0; i < count_; i++) close(fds_[i]);
  }
  Error add(const char* path, Text& options) {
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail(kStep, "open", path);
    fds_[count_++] = fd;
    options.number(fd);
    return {};
  }

 private:
  int fds_[kMaxLayers + 2];
  size_t count_ = 0;
};

Error mount_by_options(const RootSpec& spec, int target, const char* target_path, Fd* root) {
  ClassicLayers layers;
  FixedText<4096> options;
  Error error;
  for (size_t i = 0; i < spec.layers.count && error.ok(); i++) {
    options.add(i ? ":" : "lowerdir=");
    error = layers.add(spec.layers[i], options);
  }
  if (spec.upper && error.ok()) error = layers.add(spec.upper, options.add(",upperdir="));
  if (spec.upper && error.ok()) error = layers.add(spec.work, options.add(",workdir="));
  if (error) return error;
  if (spec.is_volatile) options.add(",volatile");
  if (options.overflowed()) return fail_with(E2BIG, kStep, "mount", target_path);
  FixedText<32> place;
  place.add("/proc/self/fd/").number(target);
  if (chdir("/proc/self/fd") != 0) return fail(kStep, "chdir", "/proc/self/fd");
  int mounted = mount("overlay", place.c_str(), "overlay", 0, options.c_str());
  error = mounted == 0 ? Error{} : fail(kStep, "mount", target_path);
  if (chdir("/") != 0 && error.ok()) error = fail(kStep, "chdir", "/");
  if (error) return error;
  root->reset(open(target_path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  return *root ? Error{} : fail(kStep, "open", target_path);
}

// Left by a crash of a volatile overlay, and by a clean end of one too. The upper layer that it warns about is one that
// its owner declared worthless.
void forget_volatile(const RootSpec& spec) {
  if (!spec.is_volatile) return;
  Path mark;
  mark.add(spec.work).add("/work/incompat/volatile");
  rmdir(mark.c_str());
}

}  // namespace

Error mount_overlay(const RootSpec& spec, int target, const char* target_path, Fd* root) {
  if (spec.layers.count > kMaxLayers) {
    return explain(fail_with(E2BIG, kStep, "mount", spec.layers[kMaxLayers]), "overlay takes at most 500 layers");
  }
  forget_volatile(spec);
  Error error;
  bool modern = has_mount_api() && !is_disabled(Feature::LowerdirPlus);
  if (modern && mount_by_api(spec, target, target_path, root, &error)) return error;
  return mount_by_options(spec, target, target_path, root);
}

}  // namespace tc
