// Images as volumes.
#include "image_mount.h"

#include <fcntl.h>

#include "../common/in_root.h"
#include "mapped_overlay.h"
#include "mount.h"
#include "overlay.h"

namespace tc {

namespace {

constexpr char kLayer[] = "lowerdir+=";
constexpr char kSubpath[] = "subpath=";

struct ImageOptions {
  List<const char*> layers;
  const char* subpath = ".";
};

ImageOptions parse_image_options(const MountSpec& mount, Arena& arena) {
  ImageOptions parsed;
  const char** layers = arena.make<const char*>(mount.options.count);
  size_t count = 0;
  for (const char* option : mount.options) {
    if (strncmp(option, kLayer, sizeof kLayer - 1) == 0) layers[count++] = option + sizeof kLayer - 1;
    if (strncmp(option, kSubpath, sizeof kSubpath - 1) == 0) parsed.subpath = option + sizeof kSubpath - 1;
  }
  parsed.layers = {layers, count};
  return parsed;
}

// A single layer is what it is; overlayfs wants two.
Error open_layers(List<const char*> layers, const char* scratch, int userns, Fd* root) {
  const char* place = layers.count == 1 ? layers[0] : scratch;
  Fd directory(open(place, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail("mount", "open", place);
  RootSpec overlay{layers, nullptr, nullptr, false};
  if (layers.count > 1 && userns >= 0) {
    return mount_mapped_overlay(overlay, userns, scratch, directory.get(), scratch, root);
  }
  if (layers.count > 1) return mount_overlay(overlay, directory.get(), scratch, root);
  *root = static_cast<Fd&&>(directory);
  return {};
}

}  // namespace

Error open_image_source(const MountSpec& mount, const char* scratch, int userns, Fd* tree) {
  Arena arena;
  ImageOptions options = parse_image_options(mount, arena);
  if (options.layers.count == 0) {
    return explain(fail_with(EINVAL, "mount", "fsconfig", mount.destination), "an image has one layer at least");
  }
  Fd root, part;
  Error error = open_layers(options.layers, scratch, userns, &root);
  if (error) return error;
  error = open_in_root(root.get(), options.subpath, O_PATH, &part);
  if (error) return explain(fail_with(error.errnum, "mount", "openat2", options.subpath), "the image has no such path");
  error = clone_bind_source(part.get(), false, mount.destination, tree);
  bool is_to_map = userns >= 0 && options.layers.count == 1;
  return error.ok() && is_to_map ? map_owners(tree->get(), userns, false, mount.destination) : error;
}

}  // namespace tc
