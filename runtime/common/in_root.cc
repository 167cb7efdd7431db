// In-root resolution.
#include "in_root.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "kernel.h"
#include "text.h"

namespace tc {

namespace {

constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

// EAGAIN: a rename somewhere raced with "..". The kernel could not prove that the walk stayed inside; try again.
int open_retrying(int root, const char* path, uint64_t flags, uint64_t resolve) {
  for (int attempt = 0;; attempt++) {
    int fd = sys_openat2(root, path, flags | O_CLOEXEC, resolve);
    if (fd >= 0 || errno != EAGAIN || attempt == 128) return fd;
  }
}

Error make_last(int parent, const char* name, Missing kind, const char* path) {
  int made = kind == Missing::Directory ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0);
  if (made == 0 || errno == EEXIST) return {};
  return fail("mount", kind == Missing::Directory ? "mkdirat" : "mknodat", path);
}

const char* skip_slashes(const char* at) {
  while (*at == '/') at++;
  return at;
}

constexpr int kMaxLinks = 40;  // as the kernel

Error walk(int root, const char* path, uint64_t resolve, Missing last, int links, Fd* result);

// A link to something missing is at `name` below `directory`, which is `directory_path` from the root. Making goes on
// where it leads, as for any program inside.
Error walk_link(int root, int directory, const char* directory_path, const char* name, const char* rest, Missing last,
                int links, Fd* result) {
  char target[4096];
  ssize_t length = readlinkat(directory, name, target, sizeof target);
  if (length <= 0 || size_t(length) == sizeof target) return fail_with(ENOENT, "mount", "openat2", name);
  Path path;
  if (*target != '/') path.add(directory_path).add('/');
  path.add(target, size_t(length)).add('/').add(rest);
  if (path.overflowed()) return fail_with(ENAMETOOLONG, "mount", "openat2", name);
  return links < kMaxLinks ? walk(root, path.c_str(), kInRoot, last, links + 1, result)
                           : fail_with(ELOOP, "mount", "openat2", name);
}

// Walks `path` component by component, making what is missing; `resolve` decides about links.
Error walk(int root, const char* path, uint64_t resolve, Missing last, int links, Fd* result) {
  Fd current(fcntl(root, F_DUPFD_CLOEXEC, 0));
  if (!current) return fail("mount", "fcntl", path);
  Path so_far;
  for (const char* at = skip_slashes(path); *at;) {
    size_t length = strcspn(at, "/");
    const char* next = skip_slashes(at + length);
    FixedText<256> name;
    name.add(at, length);
    so_far.add('/').add(at, length);
    if (name.overflowed() || so_far.overflowed()) return fail_with(ENAMETOOLONG, "mount", "openat2", path);
    // Always from the root: a link in the image then means what it means inside the container.
    Fd child(open_retrying(root, so_far.c_str(), O_PATH, resolve));
    if (!child && errno == ENOENT) {
      Error error = make_last(current.get(), name.c_str(), *next ? Missing::Directory : last, path);
      if (error) return error;
      child.reset(open_retrying(root, so_far.c_str(), O_PATH, resolve));
      if (!child && errno == ENOENT && !(resolve & RESOLVE_NO_SYMLINKS)) {
        Path directory;
        directory.add(so_far.c_str(), so_far.length() - length - 1);
        return walk_link(root, current.get(), directory.c_str(), name.c_str(), next, last, links, result);
      }
    }
    if (!child) return fail("mount", "openat2", path);
    current = static_cast<Fd&&>(child);
    at = next;
  }
  *result = static_cast<Fd&&>(current);
  return {};
}

}  // namespace

Error open_in_root(int root, const char* path, int flags, Fd* fd) {
  fd->reset(open_retrying(root, path, uint64_t(flags), kInRoot));
  return *fd ? Error{} : fail("open", "openat2", path);
}

Error create_in_root(int root, const char* path, Missing last, Fd* fd) {
  fd->reset(open_retrying(root, path, O_PATH, kInRoot));
  if (*fd) return {};
  if (errno != ENOENT) return fail("mount", "openat2", path);
  // Mostly only the last component is missing, and is no link.
  const char* slash = strrchr(path, '/');
  Path directory;
  directory.add('/').add(path, slash ? size_t(slash - path) : 0);
  Fd parent(open_retrying(root, directory.c_str(), O_PATH, kInRoot));
  if (slash && slash[1] && parent && !directory.overflowed()) {
    if (Error error = make_last(parent.get(), slash + 1, last, path)) return error;
    fd->reset(open_retrying(root, path, O_PATH, kInRoot));
    if (*fd) return {};
  }
  return walk(root, path, kInRoot, last, 0, fd);
}

Error open_parent_without_links(int root, const char* path, Fd* parent, const char** name) {
  const char* slash = strrchr(path, '/');
  *name = slash ? slash + 1 : path;
  if (!**name) return fail_with(EINVAL, "mount", "openat2", path);
  Path directory;
  directory.add(path, slash ? size_t(slash - path) : 0);
  return walk(root, directory.c_str(), kInRoot | RESOLVE_NO_SYMLINKS, Missing::Directory, 0, parent);
}

}  // namespace tc
