#include "layer_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "entry_attributes.h"
#include "layer_marks.h"
#include "layer_path.h"

namespace tc {

namespace {

constexpr int deepest_symlinks = 40;  // MAXSYMLINKS of the kernel
// Removing a tree holds a descriptor for each level, and 1024 is the usual limit of those.
constexpr ptrdiff_t deepest_path = 500;
constexpr char whiteout_prefix[] = ".wh.";
constexpr char whiteout_meta_prefix[] = ".wh..wh.";
constexpr char opaque_name[] = ".wh..wh..opq";

}  // namespace

// Symlinks on the way are followed as the container would: an absolute one starts at `root_`.
Error LayerTree::open_below(const std::string& path, Fd* fd) const {
  open_how how = {};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  fd->reset(static_cast<int>(syscall(SYS_openat2, root_, path.empty() ? "." : path.c_str(), &how, sizeof how)));
  return *fd ? Error{} : fail("unpack", "openat2", path.c_str());
}

Error LayerTree::enter(const std::string& parent) {
  if (parent_ && parent == parent_path_) return {};
  Fd fd;
  Error error = open_below(parent, &fd);
  // Or a whiteout stands where a directory is to be.
  if (error.errnum == ENOENT || error.errnum == ENOTDIR) {
    if ((error = make_directories(parent, 0))) return error;
    error = open_below(parent, &fd);
  }
  if (error) return error;
  struct stat status;
  if (fstat(fd.get(), &status) < 0) return fail("unpack", "fstat", parent.c_str());
  parent_ = std::move(fd);
  parent_path_ = parent;
  parent_setgid_ = status.st_mode & S_ISGID;
  return {};
}

Error LayerTree::make_directories(const std::string& path, int depth) {
  if (depth > deepest_symlinks) return fail_with(ELOOP, "unpack", "openat2", path.c_str());
  Fd above;
  if (Error error = open_below("", &above)) return error;
  for (size_t begin = 0; begin < path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    std::string prefix = path.substr(0, end);
    Fd next;
    Error error = open_below(prefix, &next);
    if (error.errnum == ENOENT || error.errnum == ENOTDIR) {
      if ((error = make_missing(above.get(), prefix, path.substr(begin, end - begin), depth))) return error;
      error = open_below(prefix, &next);
    }
    if (error) return error;
    above = std::move(next);
    begin = end + 1;
  }
  return {};
}

// `name` in `above` is absent, a whiteout, a dangling symlink (its target may lie in a lower layer), or in the way.
Error LayerTree::make_missing(int above, const std::string& path, const std::string& name, int depth) {
  struct stat status;
  bool exists = fstatat(above, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists && S_ISLNK(status.st_mode)) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(above, name.c_str(), target, sizeof target);
    if (length < 0) return fail("unpack", "readlinkat", path.c_str());
    std::string parent, last;
    split_path(path, &parent, &last);
    return make_directories(join_link_target(parent, std::string(target, static_cast<size_t>(length))), depth + 1);
  }
  bool hides = exists && form_ == Form::Layer && is_whiteout(status);
  if (exists && !hides) return fail_with(ENOTDIR, "unpack", "mkdirat", path.c_str());
  if (hides && unlinkat(above, name.c_str(), 0) < 0) return fail("unpack", "unlinkat", path.c_str());
  if (mkdirat(above, name.c_str(), 0755) < 0) return fail("unpack", "mkdirat", path.c_str());
  Fd made(openat(above, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made || fstat(made.get(), &status) < 0) return fail("unpack", "openat", path.c_str());
  if (hides) return mark_opaque(made.get(), path);
  implicit_[status.st_ino] = path;
  return {};
}

Error LayerTree::apply(const TarEntry& entry, TarReader* reader) {
  std::string path, parent, name;
  if (entry.name.size() >= PATH_MAX) return refused("a name is longer than the kernel allows", entry);
  if (!clean_path(entry.name, &path)) return refused("a name climbs out of the archive", entry);
  if (std::count(path.begin(), path.end(), '/') > deepest_path) return refused("a name is nested too deep", entry);
  if (path.empty()) {
    if (entry.type != '5') return refused("the root is not a directory", entry);
    if (form_ == Form::Copy) return {};
    Fd fd;
    Error error = open_below("", &fd);
    if (!error) error = describe_directory(fd.get(), entry);
    if (!error) times_.push_back({"", mtime_of(entry)});
    return error;
  }
  split_path(path, &parent, &name);
  if (Error error = enter(parent)) return error;
  if (form_ == Form::Layer && name.starts_with(whiteout_prefix)) return whiteout(name, entry);
  return make(name, entry, reader);
}

// A whiteout concerns lower layers only: what this layer has under the same name stays, wherever in the archive it
// stands, but a directory no longer merges with a lower one (image-spec, layer.md, "Whiteouts").
Error LayerTree::whiteout(const std::string& name, const TarEntry& entry) {
  if (name == opaque_name) return mark_opaque(parent_.get(), entry.name);
  // Bookkeeping of AUFS, which means nothing elsewhere.
  if (name.starts_with(whiteout_meta_prefix)) return {};
  std::string hidden = name.substr(strlen(whiteout_prefix));
  if (hidden.empty() || hidden == "." || hidden == "..") return refused("a whiteout names no file", entry);
  if (mknodat(parent_.get(), hidden.c_str(), S_IFCHR, makedev(0, 0)) == 0) return {};
  if (errno != EEXIST) return fail("unpack", "mknodat", entry.name.c_str());
  struct stat status;
  if (fstatat(parent_.get(), hidden.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode)) return {};
  implicit_.erase(status.st_ino);
  Fd directory(openat(parent_.get(), hidden.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return fail("unpack", "openat", entry.name.c_str());
  return mark_opaque(directory.get(), entry.name);
}

Error LayerTree::finish() {
  for (const DirectoryTime& each : times_) {
    Fd directory;
    open_how how = {};
    how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const char* path = each.path.empty() ? "." : each.path.c_str();
    directory.reset(static_cast<int>(syscall(SYS_openat2, root_, path, &how, sizeof how)));
    // A later entry put something else in its place.
    if (!directory) continue;
    timespec times[2] = {{0, UTIME_OMIT}, each.mtime};
    if (futimens(directory.get(), times) < 0) return fail("unpack", "futimens", path);
  }
  return {};
}

std::vector<std::string> LayerTree::implicit_directories() const {
  std::vector<std::string> paths;
  for (const auto& [inode, path] : implicit_) paths.push_back(path);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace tc
