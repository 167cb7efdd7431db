// Files of /proc/sys.
#pragma once
#include "error.h"

namespace tc {

// Writes a /proc/sys file of the caller's network namespace: write_sysctl("1", "net/ipv4/conf/%s/rp_filter", name).
// A missing file (a kernel without IPv6) is not an error.
[[gnu::format(printf, 2, 3)]] Error write_sysctl(const char* value, const char* format, ...);
// First character of such a file, or '\0'.
char read_sysctl(const char* path);

}  // namespace tc
