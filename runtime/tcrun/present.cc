// Files that are made where an image has none.
#include "present.h"

#include <sys/stat.h>

#include "../common/fd.h"
#include "../common/in_root.h"

namespace tc {

// What the image has stays, whatever it is: a container runs without these files as well.
void add_present(List<PresentSpec> files, int root) {
  for (const PresentSpec& file : files) {
    Fd parent;
    const char* name = nullptr;
    if (open_parent_without_links(root, file.path, &parent, &name)) continue;
    int done = file.link ? symlinkat(file.link, parent.get(), name)
                         : mknodat(parent.get(), name, S_IFREG | 0755, 0);
    (void)done;
  }
}

}  // namespace tc
