// The role `settle <parent directories, topmost first>`: standard input is a list of directories, each ended by a zero
// byte, that a layer (`directory_fd`) has without describing them, outermost first. What the layers below say decides
// what they are: a directory there gives its owner, mode and time; a symlink to a directory takes the members along to
// where it leads. Without this a layer with "lib/x" would hide a "lib -> usr/lib" under it. Answers {"moved"}.
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../common/fd.h"
#include "archive.h"
#include "merged_tree.h"

namespace tc {

namespace {

constexpr size_t longest_list = 64 << 20;

using Moves = std::vector<std::pair<std::string, std::string>>;

Error read_list(std::vector<std::string>* paths) {
  std::string text;
  char chunk[65536];
  for (;;) {
    ssize_t got = read(STDIN_FILENO, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("settle", "read");
    if (got == 0) break;
    text.append(chunk, static_cast<size_t>(got));
    if (text.size() > longest_list) return fail_with(E2BIG, "settle", "read");
  }
  for (size_t begin = 0, end; (end = text.find('\0', begin)) != std::string::npos; begin = end + 1) {
    paths->push_back(text.substr(begin, end - begin));
  }
  return {};
}

Fd open_in(int root, const std::string& path) {
  open_how how = {};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return Fd(static_cast<int>(syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

// Where a directory really lies, relative to `root`, as the kernel sees it.
Error real_path(int root, int directory, std::string* path) {
  char links[2][32], names[2][PATH_MAX];
  ssize_t lengths[2];
  for (int i = 0; i < 2; i++) {
    snprintf(links[i], sizeof links[i], "/proc/self/fd/%d", i == 0 ? root : directory);
    lengths[i] = readlink(links[i], names[i], PATH_MAX - 1);
    if (lengths[i] < 0) return fail("settle", "readlink", links[i]);
    names[i][lengths[i]] = '\0';
  }
  size_t skipped = static_cast<size_t>(lengths[0]);
  if (strncmp(names[0], names[1], skipped) != 0) return fail_with(EXDEV, "settle", "readlink", names[1]);
  *path = names[1] + skipped;
  while (path->starts_with('/')) path->erase(0, 1);
  return {};
}

Error copy_description(int from, int to) {
  struct stat status;
  if (fstat(from, &status) < 0) return fail("settle", "fstat");
  if (fchown(to, status.st_uid, status.st_gid) < 0) return fail("settle", "fchown");
  if (fchmod(to, status.st_mode & 07777) < 0) return fail("settle", "fchmod");
  timespec times[2] = {status.st_atim, status.st_mtim};
  return futimens(to, times) < 0 ? fail("settle", "futimens") : Error{};
}

// Makes `path` in the layer, describing each new directory as the merged tree does.
Error make_as_below(int layer, int merged, const std::string& path, Fd* made) {
  *made = open_in(layer, "");
  for (size_t begin = 0; begin < path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    std::string name = path.substr(begin, end - begin);
    bool is_new = mkdirat(made->get(), name.c_str(), 0755) == 0;
    if (!is_new && errno != EEXIST) return fail("settle", "mkdirat", path.c_str());
    Fd next(openat(made->get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return fail("settle", "openat", path.c_str());
    if (is_new) {
      Fd below = open_in(merged, path.substr(0, end));
      if (!below) return fail("settle", "openat2", path.c_str());
      if (Error error = copy_description(below.get(), next.get())) return error;
    }
    *made = std::move(next);
    begin = end + 1;
  }
  return {};
}

Error list_names(int directory, std::vector<std::string>* names) {
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = copy < 0 ? nullptr : fdopendir(copy);
  if (!stream) return fail("settle", "opendir");
  std::unique_ptr<DIR, int (*)(DIR*)> owned(stream, closedir);
  while (dirent* entry = readdir(stream)) {
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) names->push_back(entry->d_name);
  }
  return {};
}

// Moves the members of one directory into another. Where both have a directory of a name the two merge; where they have
// anything else, the archive named the same file twice, and the one under its real name stays.
Error move_members(int from, int to) {
  std::vector<std::string> names;
  if (Error error = list_names(from, &names)) return error;
  for (const std::string& name : names) {
    if (syscall(SYS_renameat2, from, name.c_str(), to, name.c_str(), RENAME_NOREPLACE) == 0) continue;
    if (errno != EEXIST) return fail("settle", "renameat2", name.c_str());
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    Fd inner_from(openat(from, name.c_str(), flags)), inner_to(openat(to, name.c_str(), flags));
    if (inner_from && inner_to) {
      if (Error error = move_members(inner_from.get(), inner_to.get())) return error;
    }
    if (unlinkat(from, name.c_str(), inner_from ? AT_REMOVEDIR : 0) < 0) {
      return fail("settle", "unlinkat", name.c_str());
    }
  }
  return {};
}

std::string follow_moves(const Moves& moves, std::string path) {
  for (const auto& [from, to] : moves) {
    if (path.starts_with(from + "/")) path = to + path.substr(from.size());
  }
  return path;
}

Error settle_one(int layer, int merged, const std::string& path, Moves* moves) {
  Fd ours = open_in(layer, follow_moves(*moves, path));
  // It went with a directory that was moved, or a later entry replaced it.
  if (!ours) return {};
  std::string here, there;
  if (Error error = real_path(layer, ours.get(), &here)) return error;
  Fd below = open_in(merged, here);
  if (!below) return {};
  if (Error error = real_path(merged, below.get(), &there)) return error;
  if (here == there) return copy_description(below.get(), ours.get());
  Fd target;
  if (Error error = make_as_below(layer, merged, there, &target)) return error;
  if (Error error = move_members(ours.get(), target.get())) return error;
  if (unlinkat(layer, here.c_str(), AT_REMOVEDIR) < 0) return fail("settle", "unlinkat", here.c_str());
  moves->push_back({here, there});
  return {};
}

Error settle(int layer, char** parents, int count, size_t* moved) {
  std::vector<std::string> paths;
  if (Error error = read_list(&paths)) return error;
  Fd merged;
  if (Error error = open_merged(parents, count, &merged)) return error;
  Moves moves;
  for (const std::string& path : paths) {
    if (Error error = settle_one(layer, merged.get(), path, &moves)) return error;
  }
  *moved = moves.size();
  return {};
}

}  // namespace

int run_settle(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc < 3) return answer_failed(fail_with(EINVAL, "start", "settle"));
  umask(0);
  size_t moved = 0;
  if (Error error = settle(directory_fd, argv + 2, argc - 2, &moved)) return answer_failed(error);
  return answer_done("\"moved\":" + std::to_string(moved));
}

}  // namespace tc
