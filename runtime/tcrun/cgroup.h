// A container's control groups: directories and writes as monitor.json lists them.
#pragma once
#include "spec.h"

namespace tc {

// Called with each setting that is not in force though it need not be.
struct WarningSink {
  virtual void warn(const char* text) = 0;

 protected:
  ~WarningSink() = default;
};

// Makes the directories and writes the settings. A failed required write is the error.
Error create_cgroups(const CgroupSpec& spec, WarningSink& warnings);
// Removes the directories, deepest last made first. EBUSY while the kernel still buries processes: try again later.
Error remove_cgroups(const CgroupSpec& spec);

// Moves the calling process, which must be single-threaded. `skip_below`: files of this directory are left out; may be
// null.
Error attach_self(List<const char*> files, const char* skip_below);
// The monitor's own: makes a missing directory; failures are warnings.
void attach_monitor(List<const char*> files, WarningSink& warnings);

// Kills every process in it, however deep. Does not wait.
void kill_cgroup(const CgroupSpec& spec);
Error freeze_cgroup(const CgroupSpec& spec, bool frozen);
// How often the kernel has killed a process of this group for memory; 0 without a memory controller.
uint64_t count_oom_kills(const CgroupSpec& spec);

}  // namespace tc
