// How the directory of a layer says what overlayfs is to hide, and how an archive is refused.
#pragma once
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <string>

#include "../common/error.h"
#include "tar_entry.h"

namespace tc {

inline Error refused(const char* reason, const TarEntry& entry) {
  return fail_with(EBADMSG, "archive", reason, entry.name.c_str());
}

inline bool is_whiteout(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

inline Error mark_opaque(int directory, const std::string& path) {
  if (fsetxattr(directory, "trusted.overlay.opaque", "y", 1, 0) < 0) return fail("unpack", "fsetxattr", path.c_str());
  return {};
}

}  // namespace tc
