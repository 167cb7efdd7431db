// The nodes and links that a container expects in /dev.
#pragma once
#include "spec.h"

namespace tc {

// Whether config.json mounts a /dev of its own; a /dev bound from the host is left alone.
bool owns_dev(const OciSpec& oci);
Error create_devices(const OciSpec& oci, int root);
// The container's /dev/null, verified to be that device (CVE-2025-31133).
Error open_null(int root, int flags, int* fd);

}  // namespace tc
