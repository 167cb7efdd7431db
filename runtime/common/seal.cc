// Sealing: a detached read-only bind of the file, which shares its page cache; else a sealed copy in memory.
#include "seal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "feature.h"
#include "text.h"

namespace tc {

namespace {

constexpr char kSelf[] = "/proc/self/exe";

Error seal_by_copy(Fd* sealed) {
  Fd file(open(kSelf, O_RDONLY | O_CLOEXEC));
  struct stat st {};
  if (!file || fstat(file.get(), &st) != 0) return fail("seal", "open", kSelf);
  Fd copy(memfd_create("tcrun", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return fail("seal", "memfd_create");
  for (off_t left = st.st_size; left > 0;) {
    ssize_t sent = sendfile(copy.get(), file.get(), nullptr, size_t(left));
    if (sent <= 0) return fail("seal", "sendfile", kSelf);
    left -= sent;
  }
  int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fchmod(copy.get(), 0755) != 0) return fail("seal", "fchmod");
  if (fcntl(copy.get(), F_ADD_SEALS, seals) != 0) return fail("seal", "fcntl");
  *sealed = static_cast<Fd&&>(copy);
  return {};
}

}  // namespace

Error seal_by_mount(const char* path, Fd* sealed) {
  if (is_disabled(Feature::SealByMount)) return fail_with(ENOSYS, "seal", "open_tree", path);
  Fd tree(open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return fail("seal", "open_tree", path);
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attr, sizeof attr) != 0) {
    return fail("seal", "mount_setattr", path);
  }
  Path self;
  self.add("/proc/self/fd/").number(tree.get());
  sealed->reset(open(self.c_str(), O_PATH | O_CLOEXEC));
  // The tree's descriptor goes here: then the mount belongs to no namespace, so nobody can make it writable again.
  return *sealed ? Error{} : fail("seal", "open", path);
}

Error seal_self(Fd* sealed) {
  if (seal_by_mount(kSelf, sealed).ok()) return {};
  return seal_by_copy(sealed);
}

}  // namespace tc
