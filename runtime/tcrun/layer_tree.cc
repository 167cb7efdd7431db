#include "layer_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "../common/remove_tree.h"
#include "entry_attributes.h"
#include "layer_path.h"

namespace tc {

namespace {

constexpr int deepest_symlinks = 40;  // MAXSYMLINKS of the kernel
// Removing a tree holds a descriptor for each level, and 1024 is the usual limit of those.
constexpr ptrdiff_t deepest_path = 500;
constexpr char whiteout_prefix[] = ".wh.";
constexpr char whiteout_meta_prefix[] = ".wh..wh.";
constexpr char opaque_name[] = ".wh..wh..opq";
constexpr char opaque_xattr[] = "trusted.overlay.opaque";

Error refused(const char* reason, const TarEntry& entry) {
  return fail_with(EBADMSG, "archive", reason, entry.name.c_str());
}

bool is_whiteout(const struct stat& status) { return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0); }

Error mark_opaque(int directory, const std::string& path) {
  if (fsetxattr(directory, opaque_xattr, "y", 1, 0) < 0) return fail("unpack", "fsetxattr", path.c_str());
  return {};
}

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

Error LayerTree::make(const std::string& name, const TarEntry& entry, TarReader* reader) {
  switch (entry.type) {
    case '0':
      return make_file(name, entry, reader);
    case '1':
      return make_link(name, entry);
    case '2':
      return make_symlink(name, entry);
    case '3':
    case '4':
    case '6':
      return make_node(name, entry);
    case '5':
      return make_directory(name, entry);
    default:
      return refused("an entry is of an unknown type", entry);
  }
}

// Removes what an earlier entry made under `name`.
Error LayerTree::clear(const std::string& name, bool* was_whiteout) {
  struct stat status;
  if (fstatat(parent_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) {
    return fail("unpack", "fstatat", name.c_str());
  }
  if (form_ == Form::Copy) {
    *was_whiteout = false;
    if (S_ISDIR(status.st_mode)) return fail_with(EISDIR, "unpack", "unlinkat", name.c_str());
    if (is_mount_root(parent_.get(), name)) return fail_with(EBUSY, "unpack", "unlinkat", name.c_str());
    return unlinkat(parent_.get(), name.c_str(), 0) < 0 ? fail("unpack", "unlinkat", name.c_str()) : Error{};
  }
  *was_whiteout = is_whiteout(status);
  return remove_tree(parent_.get(), name.c_str());
}

Error LayerTree::make_directory(const std::string& name, const TarEntry& entry) {
  bool was_whiteout = false;
  if (mkdirat(parent_.get(), name.c_str(), 0700) < 0) {
    struct stat status;
    if (errno != EEXIST) return fail("unpack", "mkdirat", entry.name.c_str());
    if (fstatat(parent_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) {
      return fail("unpack", "fstatat", entry.name.c_str());
    }
    if (!S_ISDIR(status.st_mode)) {
      if (form_ == Form::Copy) return fail_with(ENOTDIR, "unpack", "mkdirat", entry.name.c_str());
      if (Error error = clear(name, &was_whiteout)) return error;
      if (mkdirat(parent_.get(), name.c_str(), 0700) < 0) return fail("unpack", "mkdirat", entry.name.c_str());
    } else if (form_ == Form::Copy) {
      return {};
    }
  }
  Fd fd(openat(parent_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail("unpack", "openat", entry.name.c_str());
  if (was_whiteout) {
    if (Error error = mark_opaque(fd.get(), entry.name)) return error;
  }
  std::string path = parent_path_.empty() ? name : parent_path_ + "/" + name;
  times_.push_back({std::move(path), mtime_of(entry)});
  return describe_directory(fd.get(), entry);
}

Error LayerTree::describe_directory(int fd, const TarEntry& entry) {
  struct stat status;
  if (fstat(fd, &status) < 0) return fail("unpack", "fstat", entry.name.c_str());
  implicit_.erase(status.st_ino);
  if (fchown(fd, entry.uid, entry.gid) < 0) return fail("unpack", "fchown", entry.name.c_str());
  if (fchmod(fd, entry.mode) < 0) return fail("unpack", "fchmod", entry.name.c_str());
  return set_xattrs(fd, entry);
}

Error LayerTree::make_file(const std::string& name, const TarEntry& entry, TarReader* reader) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(openat(parent_.get(), name.c_str(), flags, 0600));
  if (!fd && errno == EEXIST) {
    bool was_whiteout;
    if (Error error = clear(name, &was_whiteout)) return error;
    fd.reset(openat(parent_.get(), name.c_str(), flags, 0600));
  }
  if (!fd) return fail("unpack", "openat", entry.name.c_str());
  if (Error error = write_content(fd.get(), entry, reader)) return error;
  // Changing the owner drops set-user-id and capabilities, so it comes first.
  if (needs_owner(entry) && fchown(fd.get(), entry.uid, entry.gid) < 0) {
    return fail("unpack", "fchown", entry.name.c_str());
  }
  if (fchmod(fd.get(), entry.mode) < 0) return fail("unpack", "fchmod", entry.name.c_str());
  if (Error error = set_xattrs(fd.get(), entry)) return error;
  timespec times[2] = {{0, UTIME_OMIT}, mtime_of(entry)};
  if (futimens(fd.get(), times) < 0) return fail("unpack", "futimens", entry.name.c_str());
  return {};
}

Error LayerTree::write_content(int fd, const TarEntry& entry, TarReader* reader) {
  size_t extent = 0;
  uint64_t done = 0;  // within the extent
  for (;;) {
    const uint8_t* data;
    size_t size;
    if (Error error = reader->content(&data, &size)) return error;
    if (size == 0) break;
    bytes_ += size;
    while (size > 0) {
      while (entry.sparse && done == entry.extents[extent].length) {
        extent++;
        done = 0;
      }
      size_t piece = entry.sparse ? std::min<uint64_t>(size, entry.extents[extent].length - done) : size;
      off_t at = static_cast<off_t>(done + (entry.sparse ? entry.extents[extent].offset : 0));
      ssize_t put = pwrite(fd, data, piece, at);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return fail("unpack", "write", entry.name.c_str());
      data += put;
      size -= static_cast<size_t>(put);
      done += static_cast<uint64_t>(put);
    }
  }
  if (entry.sparse && ftruncate(fd, static_cast<off_t>(entry.real_size)) < 0) {
    return fail("unpack", "ftruncate", entry.name.c_str());
  }
  return {};
}

// The target is a name in the archive. Its last component is not followed: a link to a symlink is one.
Error LayerTree::make_link(const std::string& name, const TarEntry& entry) {
  std::string target, parent, last;
  if (!clean_path(entry.link, &target) || target.empty()) return refused("a hard link climbs out", entry);
  split_path(target, &parent, &last);
  Fd directory;
  if (Error error = open_below(parent, &directory)) {
    return error.errnum == ENOENT ? refused("a hard link leads to a file that the layer does not have", entry) : error;
  }
  if (linkat(directory.get(), last.c_str(), parent_.get(), name.c_str(), 0) == 0) return {};
  if (errno == ENOENT) return refused("a hard link leads to a file that the layer does not have", entry);
  if (errno != EEXIST) return fail("unpack", "linkat", entry.name.c_str());
  struct stat before, target_status;
  if (fstatat(directory.get(), last.c_str(), &target_status, AT_SYMLINK_NOFOLLOW) < 0 ||
      fstatat(parent_.get(), name.c_str(), &before, AT_SYMLINK_NOFOLLOW) < 0) {
    return fail("unpack", "fstatat", entry.name.c_str());
  }
  if (before.st_ino == target_status.st_ino) return {};
  bool was_whiteout;
  if (Error error = clear(name, &was_whiteout)) return error;
  if (linkat(directory.get(), last.c_str(), parent_.get(), name.c_str(), 0) == 0) return {};
  return fail("unpack", "linkat", entry.name.c_str());
}

Error LayerTree::make_symlink(const std::string& name, const TarEntry& entry) {
  if (symlinkat(entry.link.c_str(), parent_.get(), name.c_str()) < 0) {
    bool was_whiteout;
    if (errno != EEXIST) return fail("unpack", "symlinkat", entry.name.c_str());
    if (Error error = clear(name, &was_whiteout)) return error;
    if (symlinkat(entry.link.c_str(), parent_.get(), name.c_str()) < 0) {
      return fail("unpack", "symlinkat", entry.name.c_str());
    }
  }
  if (needs_owner(entry) &&
      fchownat(parent_.get(), name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) < 0) {
    return fail("unpack", "fchownat", entry.name.c_str());
  }
  return set_time_at(parent_.get(), name, entry);
}

Error LayerTree::make_node(const std::string& name, const TarEntry& entry) {
  mode_t type = entry.type == '3' ? S_IFCHR : entry.type == '4' ? S_IFBLK : S_IFIFO;
  dev_t device = entry.type == '6' ? 0 : makedev(entry.major, entry.minor);
  if (mknodat(parent_.get(), name.c_str(), type | 0600, device) < 0) {
    bool was_whiteout;
    if (errno != EEXIST) return fail("unpack", "mknodat", entry.name.c_str());
    if (Error error = clear(name, &was_whiteout)) return error;
    if (mknodat(parent_.get(), name.c_str(), type | 0600, device) < 0) {
      return fail("unpack", "mknodat", entry.name.c_str());
    }
  }
  // The node is new and nobody else is here: following it is following nothing.
  if (fchownat(parent_.get(), name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) < 0) {
    return fail("unpack", "fchownat", entry.name.c_str());
  }
  if (fchmodat(parent_.get(), name.c_str(), entry.mode, 0) < 0) return fail("unpack", "fchmodat", entry.name.c_str());
  return set_time_at(parent_.get(), name, entry);
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
