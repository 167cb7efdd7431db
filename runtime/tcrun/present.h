// Files that are made where an image has none.
#pragma once
#include "spec.h"

namespace tc {

void add_present(List<PresentSpec> files, int root);

}  // namespace tc
