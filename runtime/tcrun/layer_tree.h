// The directory that an archive is unpacked into; a layer in the form that overlayfs stacks: whiteouts are devices 0:0, opaque
// directories carry trusted.overlay.opaque. Every path of the archive is resolved below `root` by openat2; the role is
// pivoted into `root` as well, so that a mistake here would still end inside.
#pragma once
#include <sys/stat.h>

#include <map>
#include <string>
#include <vector>

#include "../common/error.h"
#include "../common/fd.h"
#include "tar_entry.h"
#include "tar_reader.h"

namespace tc {

class LayerTree {
 public:
  // A copy is made into a tree that others use: what is in the way of it stays, and names mean what they say.
  enum class Form : uint8_t { Layer, Copy };
  // Does not own `root`.
  explicit LayerTree(int root, Form form = Form::Layer) : root_(root), form_(form) {}

  // Of a copy: directories that are there get mode, owner and time from it, too.
  void change_directories() { changes_directories_ = true; }

  // Makes what `entry` describes, taking a file's content from `reader`.
  Error apply(const TarEntry& entry, TarReader* reader);
  // Sets the times of directories, which making their members has changed.
  Error finish();

  // Directories that no entry described, outermost first: what a lower layer says of them is not known here.
  std::vector<std::string> implicit_directories() const;
  uint64_t bytes() const { return bytes_; }

 private:
  Error enter(const std::string& parent);
  Error open_below(const std::string& path, Fd* fd) const;
  Error make_directories(const std::string& path, int depth);
  Error make_missing(int parent, const std::string& path, const std::string& name, int depth);
  Error whiteout(const std::string& name, const TarEntry& entry);
  Error make(const std::string& name, const TarEntry& entry, TarReader* reader);
  Error make_directory(const std::string& name, const TarEntry& entry);
  Error make_file(const std::string& name, const TarEntry& entry, TarReader* reader);
  Error make_link(const std::string& name, const TarEntry& entry);
  Error make_symlink(const std::string& name, const TarEntry& entry);
  Error make_node(const std::string& name, const TarEntry& entry);
  Error write_content(int fd, const TarEntry& entry, TarReader* reader);
  Error describe_directory(int fd, const TarEntry& entry);
  Error clear(const std::string& name, bool* was_whiteout);
  bool needs_owner(const TarEntry& entry) const { return entry.uid || entry.gid || parent_setgid_; }

  struct DirectoryTime {
    std::string path;
    timespec mtime;
  };

  int root_;
  Form form_;
  bool changes_directories_ = false;
  // The directory that the last entry stood in; most entries stand in the same one.
  Fd parent_;
  std::string parent_path_;
  bool parent_setgid_ = false;
  std::vector<DirectoryTime> times_;
  std::map<ino_t, std::string> implicit_;
  uint64_t bytes_ = 0;
};

}  // namespace tc
