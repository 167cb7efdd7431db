#include "packer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <memory>

namespace tc {

namespace {

Error read_names(int directory, std::vector<std::string>* names) {
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = copy < 0 ? nullptr : fdopendir(copy);
  if (!stream) return fail("pack", "opendir");
  std::unique_ptr<DIR, int (*)(DIR*)> owned(stream, closedir);
  while (dirent* entry = readdir(stream)) {
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) names->push_back(entry->d_name);
  }
  std::sort(names->begin(), names->end());
  return {};
}

bool is_kept(const char* name) {
  return !strcmp(name, "security.capability") || (!strncmp(name, "user.", 5) && strncmp(name, "user.overlay.", 13));
}

Error read_xattr(int fd, const char* name, std::string* value) {
  ssize_t size = fgetxattr(fd, name, nullptr, 0);
  if (size < 0) return fail("pack", "fgetxattr", name);
  value->resize(static_cast<size_t>(size));
  size = fgetxattr(fd, name, value->data(), value->size());
  if (size < 0) return fail("pack", "fgetxattr", name);
  value->resize(static_cast<size_t>(size));
  return {};
}

Error read_xattrs(int fd, TarEntry* entry) {
  std::string list(XATTR_LIST_MAX, '\0');
  ssize_t length = flistxattr(fd, list.data(), list.size());
  if (length < 0) return errno == ENOTSUP ? Error{} : fail("pack", "flistxattr", entry->name.c_str());
  std::vector<std::string> names;
  for (const char* name = list.c_str(); name < list.c_str() + length; name += strlen(name) + 1) {
    // What such a file or directory holds lies in a lower layer: a layer cannot say so.
    if (!strcmp(name, "trusted.overlay.redirect") || !strcmp(name, "trusted.overlay.metacopy")) {
      return fail_with(EOPNOTSUPP, "pack", name, entry->name.c_str());
    }
    if (is_kept(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    Xattr xattr{name, ""};
    if (Error error = read_xattr(fd, name.c_str(), &xattr.value)) return error;
    entry->xattrs.push_back(std::move(xattr));
  }
  return {};
}

bool is_opaque(int directory) {
  char value;
  return fgetxattr(directory, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

void describe(const struct stat& status, TarEntry* entry) {
  entry->mode = status.st_mode & 07777;
  entry->uid = status.st_uid;
  entry->gid = status.st_gid;
  entry->mtime = std::max<int64_t>(0, status.st_mtim.tv_sec);
}

}  // namespace

Error Packer::run() {
  Fd root(openat(root_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail("pack", "openat");
  if (fstat(root.get(), &top_) < 0) return fail("pack", "fstat");
  if (is_layer_ && is_opaque(root.get())) {
    if (Error error = pack_empty(".wh..wh..opq")) return error;
  }
  if (Error error = enter(std::move(root), "")) return error;
  return pack_levels();
}

Error Packer::run_below(int parent, const std::string& name, const std::string& as) {
  if (as != ".") {
    if (Error error = pack(parent, "", name, as)) return error;
    return pack_levels();
  }
  Fd directory(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return fail("pack", "openat", name.c_str());
  if (Error error = enter(std::move(directory), "")) return error;
  return pack_levels();
}

Error Packer::pack_levels() {
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      levels_.pop_back();
      continue;
    }
    const std::string name = level.names[level.next++];
    if (Error error = pack(level.directory.get(), level.path, name, name)) return error;
  }
  return writer_.finish();
}

std::string Packer::answer() const {
  return "\"entries\":" + std::to_string(entries_) + ",\"mode\":" + std::to_string(top_.st_mode & 07777) +
         ",\"uid\":" + std::to_string(top_.st_uid) + ",\"gid\":" + std::to_string(top_.st_gid);
}

Error Packer::enter(Fd directory, const std::string& path) {
  std::vector<std::string> names;
  if (Error error = read_names(directory.get(), &names)) return error;
  levels_.push_back({std::move(directory), path, std::move(names)});
  return {};
}

Error Packer::pack(int parent, const std::string& directory, const std::string& name, const std::string& as) {
  struct stat status;
  TarEntry entry;
  entry.name = directory + as;
  if (fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) {
    // A running container may have removed it meanwhile.
    return errno == ENOENT ? Error{} : fail("pack", "fstatat", entry.name.c_str());
  }
  describe(status, &entry);
  entry.mtime = std::min(entry.mtime, latest_);
  if (S_ISSOCK(status.st_mode)) return {};
  if (S_ISDIR(status.st_mode)) return pack_directory(parent, name, &entry);
  if (is_layer_ && S_ISCHR(status.st_mode) && status.st_rdev == 0) return pack_empty(directory + ".wh." + name);
  if (status.st_nlink > 1) {
    auto [known, is_first] = links_.try_emplace({status.st_dev, status.st_ino}, entry.name);
    if (!is_first) {
      entry.type = '1';
      entry.link = known->second;
      return add(entry);
    }
  }
  if (S_ISREG(status.st_mode)) return pack_file(parent, name, &entry);
  if (S_ISLNK(status.st_mode)) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(parent, name.c_str(), target, sizeof target);
    if (length < 0) return fail("pack", "readlinkat", entry.name.c_str());
    entry.type = '2';
    entry.mode = 0777;
    entry.link.assign(target, static_cast<size_t>(length));
    return add(entry);
  }
  entry.type = S_ISCHR(status.st_mode) ? '3' : S_ISBLK(status.st_mode) ? '4' : '6';
  entry.major = entry.type == '6' ? 0 : major(status.st_rdev);
  entry.minor = entry.type == '6' ? 0 : minor(status.st_rdev);
  return add(entry);
}

Error Packer::pack_directory(int parent, const std::string& name, TarEntry* entry) {
  Fd directory(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return errno == ENOENT || errno == ENOTDIR ? Error{} : fail("pack", "openat", entry->name.c_str());
  entry->type = '5';
  entry->name += '/';
  if (Error error = read_xattrs(directory.get(), entry)) return error;
  if (Error error = add(*entry)) return error;
  if (is_layer_ && is_opaque(directory.get())) {
    if (Error error = pack_empty(entry->name + ".wh..wh..opq")) return error;
  }
  return enter(std::move(directory), entry->name);
}

// Only what is a regular file before and after it was opened: opening a fifo or a device would do something.
Error Packer::pack_file(int parent, const std::string& name, TarEntry* entry) {
  Fd file(openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status;
  if (!file) return errno == ENOENT || errno == ELOOP ? Error{} : fail("pack", "openat", entry->name.c_str());
  if (fstat(file.get(), &status) < 0) return fail("pack", "fstat", entry->name.c_str());
  if (!S_ISREG(status.st_mode)) return {};
  entry->type = '0';
  entry->size = static_cast<uint64_t>(status.st_size);
  if (Error error = read_xattrs(file.get(), entry)) return error;
  if (Error error = writer_.begin(*entry)) return error;
  static uint8_t chunk[256 << 10];
  for (uint64_t left = entry->size; left > 0;) {
    ssize_t got = read(file.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("pack", "read", entry->name.c_str());
    if (got == 0) break;
    if (Error error = writer_.write(chunk, static_cast<size_t>(got))) return error;
    left -= std::min<uint64_t>(left, static_cast<uint64_t>(got));
  }
  entries_++;
  return writer_.end();
}

Error Packer::pack_empty(const std::string& path) {
  TarEntry entry;
  entry.type = '0';
  entry.name = path;
  return add(entry);
}

Error Packer::add(const TarEntry& entry) {
  entries_++;
  if (Error error = writer_.begin(entry)) return error;
  return writer_.end();
}

}  // namespace tc
