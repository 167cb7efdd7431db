// Parsing mount options. Source of the names: mount(8), opencontainers/runtime-spec config.md "Mounts".
#include "mount_options.h"

#include <sys/mount.h>

namespace tc {

namespace {

// Linux 5.14; the C library's header may be older.
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

struct AttributeOption {
  const char* name;
  uint64_t set;
  uint64_t clear;
};

// Each also exists with "r" in front, for the whole tree.
constexpr AttributeOption kAttributes[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
};

struct FlagOption {
  const char* name;
  unsigned long flag;
};

constexpr FlagOption kPropagations[] = {
    {"private", MS_PRIVATE}, {"shared", MS_SHARED}, {"slave", MS_SLAVE}, {"unbindable", MS_UNBINDABLE},
};

constexpr FlagOption kSuperblock[] = {
    {"sync", MS_SYNCHRONOUS}, {"dirsync", MS_DIRSYNC}, {"mand", MS_MANDLOCK}, {"lazytime", MS_LAZYTIME},
};

constexpr const char* kDefaults[] = {
    "defaults", "async", "nomand", "nolazytime", "norelatime", "atime", "nostrictatime",
};

bool parse_attribute(const char* option, MountOptions* result) {
  for (const AttributeOption& known : kAttributes) {
    bool below = option[0] == 'r' && strcmp(option + 1, known.name) == 0;
    if (!below && strcmp(option, known.name) != 0) continue;
    uint64_t& set = below ? result->set_below : result->set;
    uint64_t& clear = below ? result->clear_below : result->clear;
    set = (set & ~known.clear) | known.set;
    clear = (clear & ~known.set) | known.clear;
    if (!below && known.set == MOUNT_ATTR_RDONLY) result->superblock |= MS_RDONLY;
    if (!below && known.clear == MOUNT_ATTR_RDONLY) result->superblock &= ~static_cast<unsigned long>(MS_RDONLY);
    return true;
  }
  return false;
}

bool parse_flag(const char* option, MountOptions* result) {
  for (const FlagOption& known : kPropagations) {
    bool below = option[0] == 'r' && strcmp(option + 1, known.name) == 0;
    if (!below && strcmp(option, known.name) != 0) continue;
    result->propagation = known.flag;
    result->propagation_below = below;
    return true;
  }
  for (const FlagOption& known : kSuperblock) {
    if (strcmp(option, known.name) != 0) continue;
    result->superblock |= known.flag;
    return true;
  }
  for (const char* known : kDefaults) {
    if (strcmp(option, known) == 0) return true;
  }
  return false;
}

}  // namespace

MountOptions parse_mount_options(const MountSpec& mount, Arena& arena) {
  MountOptions result;
  result.is_bind = strcmp(mount.type, "bind") == 0;
  const char** data = arena.make<const char*>(mount.options.count);
  size_t data_count = 0;
  for (const char* option : mount.options) {
    if (strcmp(option, "bind") == 0) {
      result.is_bind = true;
    } else if (strcmp(option, "rbind") == 0) {
      result.is_bind = result.is_recursive_bind = true;
    } else if (strcmp(option, "idmap") == 0) {
      result.is_mapped = true;
    } else if (strcmp(option, "ridmap") == 0) {
      result.is_mapped = result.is_mapped_below = true;
    } else if (!parse_attribute(option, &result) && !parse_flag(option, &result)) {
      data[data_count++] = option;
    }
  }
  result.data = {data, data_count};
  return result;
}

unsigned long classic_flags(uint64_t attributes) {
  unsigned long flags = 0;
  if (attributes & MOUNT_ATTR_RDONLY) flags |= MS_RDONLY;
  if (attributes & MOUNT_ATTR_NOSUID) flags |= MS_NOSUID;
  if (attributes & MOUNT_ATTR_NODEV) flags |= MS_NODEV;
  if (attributes & MOUNT_ATTR_NOEXEC) flags |= MS_NOEXEC;
  if (attributes & MOUNT_ATTR_NODIRATIME) flags |= MS_NODIRATIME;
  if (attributes & MOUNT_ATTR_NOATIME) flags |= MS_NOATIME;
  if (attributes & MOUNT_ATTR_STRICTATIME) flags |= MS_STRICTATIME;
  return flags;
}

void join_options(List<const char*> options, Text& out) {
  for (size_t i = 0; i < options.count; i++) {
    if (i) out.add(',');
    out.add(options[i]);
  }
}

}  // namespace tc
