// Directories as members of a tar.
#pragma once
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../common/error.h"
#include "../common/fd.h"
#include "tar_entry.h"
#include "tar_writer.h"

namespace tc {

class Packer {
 public:
  Packer(int root, bool is_layer, int64_t latest = INT64_MAX)
      : root_(root), is_layer_(is_layer), latest_(latest), writer_(STDOUT_FILENO) {}

  Error run();
  // One member of `parent`, and what is below it, under the name `as`; with `.`, only what is below it.
  Error run_below(int parent, const std::string& name, const std::string& as);
  uint64_t entries() const { return entries_; }
  // The members of the answer.
  std::string answer() const;

 private:
  // A directory on the way down, and those of its members that are still to come.
  struct Level {
    Fd directory;
    std::string path;  // with a slash at its end, empty for the root
    std::vector<std::string> names;
    size_t next = 0;
  };

  Error enter(Fd directory, const std::string& path);
  Error pack_levels();
  Error pack(int parent, const std::string& directory, const std::string& name, const std::string& as);
  Error pack_directory(int parent, const std::string& name, TarEntry* entry);
  Error pack_file(int parent, const std::string& name, TarEntry* entry);
  Error pack_empty(const std::string& path);
  Error add(const TarEntry& entry);

  int root_;
  bool is_layer_;
  struct stat top_ {};
  int64_t latest_;  // no member says that it is younger
  TarWriter writer_;
  std::vector<Level> levels_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
  uint64_t entries_ = 0;
};

}  // namespace tc
