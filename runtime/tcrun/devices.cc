// Device nodes: opencontainers/runtime-spec config-linux.md "Default Devices", then those of the configuration.
#include "devices.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../common/in_root.h"
#include "user_namespace.h"

namespace tc {

namespace {

constexpr char kStep[] = "devices";

constexpr DeviceSpec kDefaults[] = {
    {"/dev/null", 'c', 1, 3, 0666, 0, 0},   {"/dev/zero", 'c', 1, 5, 0666, 0, 0},
    {"/dev/full", 'c', 1, 7, 0666, 0, 0},   {"/dev/random", 'c', 1, 8, 0666, 0, 0},
    {"/dev/urandom", 'c', 1, 9, 0666, 0, 0}, {"/dev/tty", 'c', 5, 0, 0666, 0, 0},
};

struct Link {
  const char* name;
  const char* target;
};
constexpr Link kLinks[] = {
    {"/dev/fd", "/proc/self/fd"},         {"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"},
    {"/dev/stderr", "/proc/self/fd/2"},   {"/dev/ptmx", "pts/ptmx"},         {"/dev/core", "/proc/kcore"},
};

// No component may be a link: an image whose /dev leads elsewhere must not direct nodes there (CVE-2026-41579).
Error create_device(int root, const OciSpec& oci, const DeviceSpec& device) {
  Fd parent;
  const char* name = nullptr;
  Error error = open_parent_without_links(root, device.path, &parent, &name);
  if (error) return error;
  mode_t type = device.type == 'b' ? S_IFBLK : S_IFCHR;
  if (mknodat(parent.get(), name, type | device.mode, makedev(device.major, device.minor)) != 0) {
    return errno == EEXIST ? Error{} : fail(kStep, "mknodat", device.path);
  }
  // The umask is the caller's, the mode is not.
  if (fchmodat(parent.get(), name, device.mode, 0) != 0) return fail(kStep, "fchmodat", device.path);
  if (device.uid == 0 && device.gid == 0) return {};
  uint32_t uid = host_id(oci.uid_map, device.uid), gid = host_id(oci.gid_map, device.gid);
  if (fchownat(parent.get(), name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail(kStep, "fchownat", device.path);
  }
  return {};
}

Error create_link(int root, const Link& link) {
  Fd parent;
  const char* name = nullptr;
  Error error = open_parent_without_links(root, link.name, &parent, &name);
  if (error) return error;
  Fd target;
  bool is_kcore = strcmp(link.target, "/proc/kcore") == 0;
  if (is_kcore && open_in_root(root, link.target, O_PATH, &target)) return {};
  if (symlinkat(link.target, parent.get(), name) != 0 && errno != EEXIST) return fail(kStep, "symlinkat", link.name);
  return {};
}

}  // namespace

bool owns_dev(const OciSpec& oci) {
  for (const MountSpec& mount : oci.mounts) {
    if (strcmp(mount.destination, "/dev") == 0 && strcmp(mount.type, "tmpfs") == 0) return true;
  }
  return false;
}

Error create_devices(const OciSpec& oci, int root) {
  if (!owns_dev(oci)) return {};
  for (const DeviceSpec& device : kDefaults) {
    Error error = create_device(root, oci, device);
    if (error) return error;
  }
  for (const Link& link : kLinks) {
    Error error = create_link(root, link);
    if (error) return error;
  }
  for (const DeviceSpec& device : oci.devices) {
    Error error = create_device(root, oci, device);
    if (error) return error;
  }
  return {};
}

Error open_null(int root, int flags, int* fd) {
  Fd null;
  // openat2(2) refuses O_NOCTTY with O_PATH, which needs none.
  Error error = open_in_root(root, "/dev/null", flags & O_PATH ? flags : flags | O_NOCTTY, &null);
  if (error) return error;
  struct stat st {};
  if (fstat(null.get(), &st) != 0) return fail(kStep, "fstat", "/dev/null");
  if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
    return explain(fail_with(ENODEV, kStep, "fstat", "/dev/null"), "the container's /dev/null is not the null device");
  }
  *fd = null.release();
  return {};
}

}  // namespace tc
