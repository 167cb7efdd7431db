// Several layers as one directory, as a container would see them.
#pragma once
#include "../common/error.h"
#include "../common/fd.h"

namespace tc {

// `layers`: absolute paths, topmost first. One layer is opened as it is; several are an overlay, read-only, mounted
// where only this process sees it.
Error open_merged(char** layers, int count, Fd* merged);
// The same over layers, in a mount namespace of its own, where what is written goes to `upper`. `work`: empty, on the
// same file system.
Error open_writable(char* work, char* upper, char** lower, int count, Fd* merged);

}  // namespace tc
