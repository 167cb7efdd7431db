// Builds the stage.
#include "stage.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "../common/file.h"
#include "mount.h"
#include "overlay.h"
#include "present.h"
#include "rootfs.h"
#include "secrets.h"

namespace tc {

namespace {

constexpr char kStep[] = "stage";
constexpr size_t kMaxConfig = 16 << 20;

Error make_directories(int stage) {
  for (const char* name : {"rootfs", "sources", "secrets", "state", "exec"}) {
    if (mkdirat(stage, name, 0700) != 0) return fail(kStep, "mkdirat", name);
  }
  return {};
}

Error copy_config(int bundle, int stage) {
  Arena scratch;
  Bytes bytes;
  Error error = read_file(bundle, "runtime-config.json", kMaxConfig, scratch, &bytes);
  return error ? error : replace_file(stage, "config.json", bytes.data, bytes.length, Durability::None);
}

// A place for what is mounted: a directory, or a file.
Error make_place(int stage, const char* name, bool is_directory, Fd* place) {
  if (is_directory && mkdirat(stage, name, 0700) != 0) return fail(kStep, "mkdirat", name);
  Fd file(is_directory ? -1 : openat(stage, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!is_directory && !file) return fail(kStep, "openat", name);
  place->reset(openat(stage, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  return *place ? Error{} : fail(kStep, "openat", name);
}

// With its options in force already, as not every runtime knows those that hold for the mounts below. Of the ties to the
// host's mounts those stay that the volume asks for.
Error attach_source(const MountSpec& mount, PreparedMount& prepared, size_t index, int stage) {
  struct stat st {};
  if (fstat(prepared.source.get(), &st) != 0) return fail(kStep, "fstat", mount.source);
  FixedText<40> name;
  name.add("sources/").number(int64_t(index));
  Fd place;
  Error error = make_place(stage, name.c_str(), S_ISDIR(st.st_mode), &place);
  if (error) return error;
  return attach_bind(static_cast<Fd&&>(prepared.source), prepared.options, place.get(), mount.destination);
}

Error attach_sources(const Spec& spec, RootfsDraft& draft, int stage) {
  for (size_t i = 0; i < spec.oci.mounts.count; i++) {
    if (!draft.mounts[i].source) continue;
    Error error = attach_source(spec.oci.mounts[i], draft.mounts[i], i, stage);
    if (error) return error;
  }
  return {};
}

Error attach_network(int netns, int stage) {
  if (netns < 0) return {};
  Fd place, tree;
  Error error = make_place(stage, "netns", false, &place);
  if (error.ok()) error = clone_bind_source(netns, false, "netns", &tree);
  return error ? error : attach_bind(static_cast<Fd&&>(tree), MountOptions{}, place.get(), "netns");
}

// A file of the stage may be executed where it is a mount of its own.
Error attach_init(const Spec& spec, int executable, int stage) {
  if (!spec.init) return {};
  FixedText<32> path;
  path.add("/proc/self/fd/").number(executable);
  Fd from(open(path.c_str(), O_RDONLY | O_CLOEXEC)), to(openat(stage, "init", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555));
  if (!from || !to) return fail(kStep, "open", "init");
  ssize_t copied;
  while ((copied = sendfile(to.get(), from.get(), nullptr, 1 << 20)) > 0) continue;
  if (copied < 0) return fail(kStep, "sendfile", "init");
  Fd place(openat(stage, "init", O_PATH | O_NOFOLLOW | O_CLOEXEC)), tree;
  Error error = place ? clone_bind_source(place.get(), false, "init", &tree) : fail(kStep, "openat", "init");
  MountOptions options;
  options.set = MOUNT_ATTR_RDONLY;
  options.clear = MOUNT_ATTR_NOEXEC;
  return error ? error : attach_bind(static_cast<Fd&&>(tree), options, place.get(), "init");
}

Error attach_root(const Spec& spec, int stage) {
  Fd place(openat(stage, "rootfs", O_PATH | O_DIRECTORY | O_CLOEXEC)), root;
  if (!place) return fail(kStep, "openat", "rootfs");
  Path path;
  path.add(spec.run_dir).add("/rootfs");
  Error error = mount_overlay(spec.root, place.get(), path.c_str(), &root);
  if (error.ok()) add_present(spec.root.present, root.get());
  return error;
}

// A runtime asks /proc about processes by the numbers that it knows them by, which are those of the monitor's namespace.
Error show_own_processes(const Spec& spec) {
  if (!spec.own_pid_namespace) return {};
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  return mount("proc", "/proc", "proc", kFlags, nullptr) == 0 ? Error{} : fail(kStep, "mount", "/proc");
}

Error hide(List<const char*> hidden) {
  for (const char* path : hidden) {
    if (umount2(path, MNT_DETACH) != 0 && errno != EINVAL) return fail(kStep, "umount2", path);
  }
  return {};
}

}  // namespace

Error build_stage(const StartContext& context) {
  const Spec& spec = *context.host.spec;
  RootfsDraft draft;
  Error error = prepare_rootfs(spec, rootfs_sources(context), &draft);
  if (error) return error;
  // What is made here does not reach the host, and what the host unmounts is gone from here as well.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return fail(kStep, "mount", "/");
  error = prepare_images(spec, -1, draft.mounts);
  if (error.ok()) error = mount_memory(spec.run_dir);
  if (error) return error;
  Fd stage(open(spec.run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!stage) return fail(kStep, "open", spec.run_dir);
  error = make_directories(stage.get());
  if (error.ok()) error = copy_config(context.host.bundle, stage.get());
  Path secrets;
  secrets.add(spec.run_dir).add("/secrets");
  if (error.ok()) error = write_secrets(spec, context.host.secrets, secrets.c_str());
  if (error.ok()) error = attach_sources(spec, draft, stage.get());
  if (error.ok()) error = attach_root(spec, stage.get());
  if (error.ok()) error = attach_init(spec, context.host.executable, stage.get());
  if (error.ok()) error = attach_network(context.netns, stage.get());
  if (error.ok()) error = hide(spec.runtime.hidden);
  if (error.ok()) error = show_own_processes(spec);
  if (error.ok() && chdir(spec.run_dir) != 0) error = fail(kStep, "chdir", spec.run_dir);
  return error;
}

Error enter_stage(const Host& host, int stage) {
  if (setns(stage, CLONE_NEWNS) != 0) return fail(kStep, "setns", "mnt");
  return chdir(host.spec->run_dir) == 0 ? Error{} : fail(kStep, "chdir", host.spec->run_dir);
}

}  // namespace tc
