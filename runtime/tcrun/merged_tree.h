// Several layers as one directory, as a container would see them.
#pragma once
#include "../common/error.h"
#include "../common/fd.h"

namespace tc {

// `layers`: absolute paths, topmost first. One layer is opened as it is; several are an overlay, read-only, mounted
// where only this process sees it.
Error open_merged(char** layers, int count, Fd* merged);

}  // namespace tc
