// Volumes that are mounted as long as somebody uses them: every monitor of a user locks the volume's directory, shared.
#pragma once
#include "../common/fd.h"
#include "spec.h"

namespace tc {

// Takes the locks; the starter holds its own until then. `locks` has one entry for every volume.
Error lock_volumes(List<const char*> volumes, Fd* locks);
// Lets go of them. What nobody else has locked is unmounted from `<volume>/_data`.
void release_volumes(List<const char*> volumes, Fd* locks);

}  // namespace tc
