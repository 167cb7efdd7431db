// The roles of `cp`. All of them work below one directory, the root of a container or a directory of the host, which they
// are shut into: paths are resolved below it by openat2, whatever changes there meanwhile.
//   copy-look <path> <follow|stay> <root>   answers {"kind","path"}: what is there, and its name without links
//   copy-out <path> <name> <root>           standard output becomes the tar of it, under that name (`.`: of its members)
//   copy-in <path> <flags> <root>           unpacks the tar of standard input into that directory. Flags: `o` keeps
//                                           owners, set-user-id bits and capabilities, `d` allows devices,
//                                           `m` changes directories that are there
//   copy-remove <count> - <root>            removes the absolute paths of standard input, a zero byte behind each, and what
//                                           is below them. A path that something is mounted at or below stays, and is told
// <root> is `live` (the directory at `directory_fd`), `remapped` (the same, with the ids of the user namespace at
// `user_namespace_fd`), `stack <layers, topmost first>`, or
// `write <work> <upper> <layers>`.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../common/in_root.h"
#include "../common/remove_tree.h"
#include "archive.h"
#include "confine.h"
#include "entry_attributes.h"
#include "layer_tree.h"
#include "merged_tree.h"
#include "pack.h"
#include "tar_reader.h"
#include "user_namespace.h"

namespace tc {

namespace {

constexpr int kFirstRootArgument = 4;

// A directory of another mount namespace cannot be made a root by pivoting; but nothing is started in it either.
Error shut_into(int directory) {
  if (fchdir(directory) < 0) return fail("confine", "fchdir");
  if (chroot(".") < 0) return fail("confine", "chroot");
  return chdir("/") < 0 ? fail("confine", "chdir") : Error{};
}

Error open_root(int argc, char** argv) {
  const char* kind = argv[kFirstRootArgument];
  char** layers = argv + kFirstRootArgument + 1;
  int count = argc - kFirstRootArgument - 1;
  Error error;
  bool is_remapped = !strcmp(kind, "remapped");
  if (strcmp(kind, "live") && !is_remapped) {
    Fd merged;
    bool is_stack = !strcmp(kind, "stack");
    if (count < (is_stack ? 1 : 3)) return fail_with(EINVAL, "start", "copy");
    error = is_stack ? open_merged(layers, count, &merged)
                     : open_writable(layers[0], layers[1], layers + 2, count - 2, &merged);
    if (!error && dup3(merged.get(), directory_fd, O_CLOEXEC) < 0) error = fail("copy", "dup3");
    if (!error) error = enter_directory(directory_fd);
  } else {
    error = shut_into(directory_fd);
  }
  if (!error && is_remapped) error = enter_user_namespace(user_namespace_fd);
  if (!error) error = keep_file_capabilities();
  return error ? error : allow_file_calls_only();
}

const char* kind_of(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return "directory";
  if (S_ISREG(status.st_mode)) return "file";
  return S_ISLNK(status.st_mode) ? "link" : "other";
}

int look(const char* path, bool follow, int proc) {
  Fd found;
  Error error = open_in_root(directory_fd, path, O_PATH | (follow ? 0 : O_NOFOLLOW), &found);
  if (error.errnum == ENOENT || error.errnum == ENOTDIR) return answer_done("\"kind\":\"missing\"");
  if (error) return answer_failed(error);
  struct stat status;
  if (fstat(found.get(), &status) < 0) return answer_failed(fail("copy", "fstat", path));
  // The kernel's own name of it, as seen from the root that this process has.
  char name[PATH_MAX];
  std::string link = "self/fd/" + std::to_string(found.get());
  ssize_t length = readlinkat(proc, link.c_str(), name, sizeof name);
  if (length < 0) return answer_failed(fail("copy", "readlinkat", path));
  std::string members = std::string("\"kind\":\"") + kind_of(status) + "\",\"path\":";
  append_json(&members, std::string(name, static_cast<size_t>(length)));
  return answer_done(members);
}

// The directory that the last component of an absolute path is in; the root is a member of itself.
Error open_parent(const std::string& path, Fd* parent, std::string* name) {
  size_t slash = path.rfind('/');
  *name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name->empty()) *name = ".";
  std::string above = slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
  return open_in_root(directory_fd, above.c_str(), O_RDONLY | O_DIRECTORY, parent);
}

int copy_out(const char* path, const char* as) {
  Fd parent;
  std::string name;
  if (Error error = open_parent(path, &parent, &name)) return answer_failed(error);
  uint64_t entries = 0;
  if (Error error = pack_below(parent.get(), name, as, &entries)) return answer_failed(error);
  return answer_done("\"entries\":" + std::to_string(entries));
}

struct Wishes {
  bool owners;
  bool devices;
  bool directories;
};

// Whoever gets a file gets it as his own: what ran as somebody else must not run as him.
void disown(TarEntry* entry) {
  constexpr uint32_t kSetIds = 06000;
  entry->uid = entry->gid = 0;
  if (entry->type == '0') entry->mode &= ~kSetIds;
  std::erase_if(entry->xattrs, [](const Xattr& xattr) { return xattr.name == "security.capability"; });
}

Error unpack_entries(int directory, const Wishes& wishes, uint64_t* entries) {
  TarReader reader(STDIN_FILENO);
  LayerTree tree(directory, LayerTree::Form::Copy);
  if (wishes.directories) tree.change_directories();
  for (;;) {
    TarEntry entry;
    bool found;
    if (Error error = reader.next(&entry, &found)) return error;
    if (!found) break;
    if (!wishes.devices && (entry.type == '3' || entry.type == '4')) {
      return fail_with(EPERM, "copy", "mknodat", entry.name.c_str());
    }
    if (!wishes.owners) disown(&entry);
    if (Error error = tree.apply(entry, &reader)) return error;
    ++*entries;
  }
  if (Error error = tree.finish()) return error;
  return reader.drain();
}

int copy_in(const char* path, const char* flags) {
  Fd directory;
  umask(0);
  if (Error error = open_in_root(directory_fd, path, O_RDONLY | O_DIRECTORY, &directory)) return answer_failed(error);
  Wishes wishes{strchr(flags, 'o') != nullptr, strchr(flags, 'd') != nullptr, strchr(flags, 'm') != nullptr};
  uint64_t entries = 0;
  if (Error error = unpack_entries(directory.get(), wishes, &entries)) return answer_failed(error);
  return answer_done("\"entries\":" + std::to_string(entries));
}

constexpr size_t kMostNames = 64 << 20;

Error read_names(std::string* text) {
  static char chunk[64 << 10];
  for (;;) {
    ssize_t got = read(STDIN_FILENO, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("copy", "read");
    if (got == 0) return {};
    text->append(chunk, static_cast<size_t>(got));
    if (text->size() > kMostNames) return fail_with(E2BIG, "copy", "read");
  }
}

// What is mounted holds somebody's data. Looked for before anything goes, so that nothing is removed by halves.
Error refuse_mounts(int parent, const char* name, const std::string& path, int depth) {
  constexpr int kDeepest = 500;
  if (depth > kDeepest) return fail_with(ELOOP, "copy", "openat", path.c_str());
  if (is_mount_root(parent, name)) return fail_with(EBUSY, "copy", "unlinkat", path.c_str());
  int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) {
    bool is_file = errno == ENOTDIR || errno == ENOENT || errno == ELOOP;
    return is_file ? Error{} : fail("copy", "openat", path.c_str());
  }
  std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(directory), closedir);
  if (!stream) return fail("copy", "fdopendir", path.c_str());
  while (dirent* entry = readdir(stream.get())) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    if (Error error = refuse_mounts(directory, entry->d_name, path + "/" + entry->d_name, depth + 1)) return error;
  }
  return {};
}

Error remove_path(const std::string& path) {
  Fd parent;
  std::string name;
  Error error = open_parent(path, &parent, &name);
  if (error.errnum == ENOENT || error.errnum == ENOTDIR) return {};
  if (error) return error;
  if (name == "." || name == "..") return fail_with(EBUSY, "copy", "unlinkat", path.c_str());
  if ((error = refuse_mounts(parent.get(), name.c_str(), path, 0))) return error;
  return remove_tree(parent.get(), name.c_str());
}

// All that can go goes; the first that cannot is told. `count`: of the names, which may have been cut off.
int copy_remove(const char* count) {
  std::string names;
  if (Error error = read_names(&names)) return answer_failed(error);
  if (std::count(names.begin(), names.end(), '\0') != strtoll(count, nullptr, 10)) {
    return answer_failed(fail_with(EBADMSG, "copy", "read"));
  }
  Error first;
  uint64_t entries = 0;
  for (size_t begin = 0, end; (end = names.find('\0', begin)) != std::string::npos; begin = end + 1) {
    Error error = remove_path(names.substr(begin, end - begin));
    if (error && !first) first = error;
    if (!error) entries++;
  }
  return first ? answer_failed(first) : answer_done("\"entries\":" + std::to_string(entries));
}

}  // namespace

int run_copy(int argc, char** argv) {
  if (argc <= kFirstRootArgument) return answer_failed(fail_with(EINVAL, "start", "copy"));
  allow_many_descriptors();
  Fd proc(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!proc) return answer_failed(fail("start", "open", "/proc"));
  if (Error error = open_root(argc, argv)) return answer_failed(error);
  const char* path = argv[2];
  if (!strcmp(argv[1], "copy-look")) return look(path, !strcmp(argv[3], "follow"), proc.get());
  proc.reset();
  if (!strcmp(argv[1], "copy-remove")) return copy_remove(path);
  return strcmp(argv[1], "copy-out") ? copy_in(path, argv[3]) : copy_out(path, argv[3]);
}

}  // namespace tc
