#include "remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "fd.h"

namespace tc {

namespace {

// One directory on the way down. Its members are listed before any is removed: readdir(3) promises nothing else.
struct Level {
  Fd directory;
  std::string name;
  std::vector<std::string> directories;
};

Error empty_of_files(Level* level) {
  // fdopendir takes the descriptor over, so it gets a copy.
  int copy = openat(level->directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = copy < 0 ? nullptr : fdopendir(copy);
  if (!stream) return fail("remove", "opendir", level->name.c_str());
  std::unique_ptr<DIR, int (*)(DIR*)> owned(stream, closedir);
  std::vector<std::string> files;
  while (dirent* entry = readdir(stream)) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    (entry->d_type == DT_DIR ? level->directories : files).push_back(entry->d_name);
  }
  for (const std::string& file : files) {
    if (unlinkat(level->directory.get(), file.c_str(), 0) == 0 || errno == ENOENT) continue;
    // d_type is unknown on some file systems.
    if (errno != EISDIR) return fail("remove", "unlinkat", file.c_str());
    level->directories.push_back(file);
  }
  return {};
}

Error open_level(int parent, const char* name, std::vector<Level>* levels) {
  Fd directory(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return fail("remove", "openat", name);
  levels->push_back({std::move(directory), name, {}});
  return empty_of_files(&levels->back());
}

}  // namespace

Error remove_tree(int parent, const char* name) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return fail("remove", "unlinkat", name);
  std::vector<Level> levels;
  if (Error error = open_level(parent, name, &levels)) return error;
  while (!levels.empty()) {
    Level& level = levels.back();
    if (!level.directories.empty()) {
      std::string next = std::move(level.directories.back());
      level.directories.pop_back();
      if (Error error = open_level(level.directory.get(), next.c_str(), &levels)) return error;
      continue;
    }
    std::string done = std::move(level.name);
    levels.pop_back();
    int above = levels.empty() ? parent : levels.back().directory.get();
    if (unlinkat(above, done.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT) {
      return fail("remove", "unlinkat", done.c_str());
    }
  }
  return {};
}

}  // namespace tc
