// The entries of an archive as what they describe: files, links, nodes, directories.
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "../common/remove_tree.h"
#include "entry_attributes.h"
#include "layer_marks.h"
#include "layer_path.h"
#include "layer_tree.h"

namespace tc {

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
    } else if (form_ == Form::Copy && !changes_directories_) {
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

}  // namespace tc
