// Mounting cgroup hierarchies for a container.
#include "cgroup_mount.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "../common/file.h"
#include "../common/in_root.h"
#include "mount.h"

namespace tc {

namespace {

constexpr char kStep[] = "mount";

// A line of /proc/self/cgroup is "4:cpu,cpuacct:/path", "1:name=systemd:/path" or, for v2, "0::/path".
Error mount_hierarchy(const char* controllers, size_t length, const MountOptions& options, int root, const char* path) {
  FixedText<128> data;
  data.add(controllers, length);
  bool is_named = strncmp(data.c_str(), "name=", 5) == 0;
  const char* name = is_named ? data.c_str() + 5 : data.c_str();
  Path where;
  where.add(path).add('/').add(name);
  Fd target;
  Error error = create_in_root(root, where.c_str(), Missing::Directory, &target);
  if (error) return error;
  // Each controller is an option of its own: "cpu,cpuacct" is two.
  Arena scratch;
  const char** parts = scratch.make<const char*>(length + 1);
  size_t count = 0;
  for (const char* at = data.c_str(); *at;) {
    size_t word = strcspn(at, ",");
    parts[count++] = scratch.copy(at, word);
    at += word + (at[word] == ',');
  }
  MountOptions hierarchy;
  hierarchy.set = options.set;
  hierarchy.data = {parts, count};
  error = attach_filesystem("cgroup", is_named ? name : "cgroup", hierarchy, target.get(), where.c_str());
  if (error || count < 2) return error;
  Fd base;
  error = open_in_root(root, path, O_PATH | O_DIRECTORY, &base);
  for (size_t i = 0; i < count && error.ok(); i++) {
    if (symlinkat(name, base.get(), parts[i]) != 0 && errno != EEXIST) error = fail(kStep, "symlinkat", where.c_str());
  }
  return error;
}

}  // namespace

Error mount_cgroups(const MountOptions& options, int root, int target, const char* path) {
  Arena scratch;
  Bytes table;
  Error error = read_file(AT_FDCWD, "/proc/self/cgroup", 1 << 20, scratch, &table);
  if (error) return error;
  bool only_unified = strncmp(table.data, "0::", 3) == 0;
  if (only_unified) return attach_filesystem("cgroup2", "cgroup", options, target, path);

  static const char* const kMode[] = {"mode=755"};
  MountOptions base = options;
  base.data = {kMode, 1};
  base.set &= ~uint64_t(MOUNT_ATTR_RDONLY);
  base.superblock = 0;
  error = attach_filesystem("tmpfs", "tmpfs", base, target, path);
  for (const char* line = table.data; error.ok() && *line;) {
    size_t length = strcspn(line, "\n");
    const char* controllers = strchr(line, ':');
    size_t width = controllers ? strcspn(controllers + 1, ":\n") : 0;
    if (width) error = mount_hierarchy(controllers + 1, width, options, root, path);
    line += length + (line[length] == '\n');
  }
  if (error || !(options.set & MOUNT_ATTR_RDONLY)) return error;
  Fd mounted;
  error = open_in_root(root, path, O_PATH | O_DIRECTORY, &mounted);
  return error ? error : change_mount(mounted.get(), {options.set, 0, false}, path);
}

}  // namespace tc
