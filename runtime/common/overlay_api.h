// How overlayfs takes its options.
#pragma once
#include <sys/mount.h>
#include <unistd.h>

namespace tc {

// Before Linux 6.5 overlay takes its options through the kernel's legacy adapter, which gathers whatever it is given in one
// page, and refuses all of it at the end. It is told by taking an option that there is not. `fs`: from fsopen(2); of no
// use any more if the answer is yes.
inline bool takes_anything(int fs) {
  if (fsconfig(fs, FSCONFIG_SET_FLAG, "tcompose-probe", nullptr, 0) == 0) return true;
  char complaint[256];
  while (read(fs, complaint, sizeof complaint) > 0) continue;
  return false;
}

}  // namespace tc
