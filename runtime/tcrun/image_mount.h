// A mount of type "overlay" in config.json: the layers of an image, or a part of what they are together, read-only.
#pragma once
#include "../common/fd.h"
#include "spec.h"

namespace tc {

// Takes hold of what the options "lowerdir+=DIRECTORY" (topmost first) and "subpath=PATH" name. With more than one layer
// their overlay is mounted on `scratch`, a directory of the calling mount namespace, and stays there.
// `userns`: whose owners its files are shown with; -1: those on the disk.
Error open_image_source(const MountSpec& mount, const char* scratch, int userns, Fd* tree);

}  // namespace tc
