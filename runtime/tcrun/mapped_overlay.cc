// Mapped layers. Before Linux 6.15 overlayfs takes a layer only from a mount that is attached somewhere, so each gets a
// directory in a file system of its own.
#include "mapped_overlay.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "../common/text.h"
#include "mount.h"
#include "overlay.h"

namespace tc {

namespace {

constexpr char kStep[] = "rootfs";

Error open_place(const char* path, Fd* place) {
  place->reset(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  return *place ? Error{} : fail(kStep, "open", path);
}

Error mount_places(const char* scratch) {
  static const char* const kData[] = {"mode=0700"};
  MountOptions options;
  options.data = {kData, 1};
  Fd target;
  Error error = open_place(scratch, &target);
  return error ? error : attach_filesystem("tmpfs", "tmpfs", options, target.get(), scratch);
}

// `directory` at `scratch`/<name>.
Error place_mapped(const char* directory, int userns, const char* place) {
  Fd tree, target;
  Error error = open_bind_source(directory, false, &tree);
  if (error.ok()) error = map_owners(tree.get(), userns, false, directory);
  if (error) return error;
  if (mkdir(place, 0700) != 0) return fail(kStep, "mkdir", place);
  error = open_place(place, &target);
  return error ? error : attach_bind(static_cast<Fd&&>(tree), MountOptions{}, target.get(), directory);
}

// Upper and work directory have to lie on one mount: that of the directory that both are in.
Error place_writable(const RootSpec& spec, int userns, const char* place, Arena& arena, RootSpec* mapped) {
  const char* upper = strrchr(spec.upper, '/');
  const char* work = strrchr(spec.work, '/');
  size_t length = size_t(upper - spec.upper);
  if (length != size_t(work - spec.work) || strncmp(spec.upper, spec.work, length) != 0) {
    return fail_with(EINVAL, kStep, "open", spec.work);
  }
  Error error = place_mapped(arena.copy(spec.upper, length), userns, place);
  Path path;
  mapped->upper = arena.copy(path.add(place).add(upper).c_str());
  path.clear();
  mapped->work = arena.copy(path.add(place).add(work).c_str());
  return error;
}

}  // namespace

Error mount_mapped_overlay(const RootSpec& spec, int userns, const char* scratch, int target, const char* target_path,
                           Fd* root) {
  Arena arena;
  RootSpec mapped = spec;
  const char** layers = arena.make<const char*>(spec.layers.count);
  Error error = mount_places(scratch);
  for (size_t i = 0; i < spec.layers.count && error.ok(); i++) {
    Path place;
    place.add(scratch).add('/').number(int64_t(i));
    layers[i] = arena.copy(place.c_str());
    error = place_mapped(spec.layers[i], userns, layers[i]);
  }
  mapped.layers = {layers, spec.layers.count};
  Path place;
  place.add(scratch).add("/writable");
  if (spec.upper && error.ok()) error = place_writable(spec, userns, place.c_str(), arena, &mapped);
  if (error.ok()) error = mount_overlay(mapped, target, target_path, root);
  if (error.errnum != EINVAL) return error;
  return explain(error, "user namespaces need an overlay file system that takes idmapped layers (Linux 5.19)");
}

}  // namespace tc
