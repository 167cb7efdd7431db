// The program that confines a container's devices on cgroup v2.
#pragma once
#include "spec.h"

namespace tc {

// Loads the program and attaches it to the cgroup directory. It is gone with the directory.
Error attach_device_filter(const DeviceFilter& filter, const char* cgroup);

}  // namespace tc
