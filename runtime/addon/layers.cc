// Several layers as one tree, for reading: an overlay that is mounted nowhere. Whoever has its descriptor reaches it by
// /proc/self/fd; it goes with the descriptor. And the extended attributes of what is found there.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "../common/feature.h"
#include "../common/overlay_api.h"
#include "addon.h"

namespace tc {

namespace {

constexpr size_t most_layers = 500;

// By descriptor: a path may be too long, or hold characters that overlayfs takes for its own.
Error open_layer(const std::string& path, std::vector<Fd>* directories, std::string* name) {
  directories->emplace_back(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directories->back()) return fail("layers", "open", path.c_str());
  *name = "/proc/self/fd/" + std::to_string(directories->back().get());
  return {};
}

// False: this kernel does not know lowerdir+ (before Linux 6.8).
bool mount_by_api(const std::vector<std::string>& layers, Fd* mount, Error* error) {
  if (is_disabled(Feature::LowerdirPlus)) return false;
  Fd fs(fsopen("overlay", FSOPEN_CLOEXEC));
  if (!fs) return *error = fail("layers", "fsopen", "overlay"), true;
  if (takes_anything(fs.get())) return false;
  std::vector<Fd> directories;
  for (const std::string& layer : layers) {
    std::string name;
    if ((*error = open_layer(layer, &directories, &name))) return true;
    if (fsconfig(fs.get(), FSCONFIG_SET_STRING, "lowerdir+", name.c_str(), 0) == 0) continue;
    if (errno == EINVAL && directories.size() == 1) return false;
    return *error = fail("layers", "fsconfig", layer.c_str()), true;
  }
  if (fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return *error = fail("layers", "fsconfig", "create"), true;
  }
  mount->reset(fsmount(fs.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID));
  if (!*mount) *error = fail("layers", "fsmount");
  return true;
}

// In a mount namespace of the calling thread: mount(2) takes a page of options, where fsconfig(2) takes 255 bytes, but it
// mounts somewhere. What is kept of it is a copy that is mounted nowhere.
Error mount_in_namespace(const std::vector<std::string>& layers, Fd* mount) {
  constexpr size_t page = 4096;
  constexpr unsigned long flags = MS_RDONLY | MS_NODEV | MS_NOSUID;
  if (unshare(CLONE_NEWNS) < 0) return fail("layers", "unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return fail("layers", "mount", "/");
  // Opened only here: overlayfs takes what is mounted in its own namespace.
  std::vector<Fd> directories;
  std::string options;
  for (const std::string& layer : layers) {
    std::string name;
    if (Error error = open_layer(layer, &directories, &name)) return error;
    options += (options.empty() ? "lowerdir=" : ":") + name;
  }
  if (options.size() >= page) return fail_with(E2BIG, "layers", "mount", "overlay");
  const char* target = layers.front().c_str();
  if (::mount("overlay", target, "overlay", flags, options.c_str()) < 0) return fail("layers", "mount", target);
  mount->reset(static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, target, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  return *mount ? Error{} : fail("layers", "open_tree", target);
}

// The namespace is the thread's alone, and goes with it.
Error mount_by_thread(const std::vector<std::string>& layers, Fd* mount) {
  struct Order {
    const std::vector<std::string>& layers;
    Fd* mount;
    Error error;
  } order{layers, mount, {}};
  pthread_t thread;
  auto run = [](void* data) -> void* {
    auto& order = *static_cast<Order*>(data);
    order.error = mount_in_namespace(order.layers, order.mount);
    return nullptr;
  };
  if (int errnum = pthread_create(&thread, nullptr, run, &order)) {
    return fail_with(errnum, "layers", "pthread_create");
  }
  pthread_join(thread, nullptr);
  return order.error;
}

Error mount_merged(const std::vector<std::string>& layers, Fd* mount) {
  if (layers.empty() || layers.size() > most_layers) return fail_with(E2BIG, "layers", "overlay");
  Error error;
  return mount_by_api(layers, mount, &error) ? error : mount_by_thread(layers, mount);
}

Napi::Value mount_layers(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsArray()) return throw_type_error(env, "layers is an array of paths");
  auto list = info[0].As<Napi::Array>();
  std::vector<std::string> layers;
  for (uint32_t i = 0; i < list.Length(); i++) layers.push_back(list.Get(i).ToString());
  Fd mount;
  if (Error error = mount_merged(layers, &mount)) return throw_error(env, error);
  return Napi::Number::New(env, mount.release());
}

// What a layer can say of a file: its capabilities and what users wrote.
bool is_kept(const char* name) {
  return !strcmp(name, "security.capability") || (!strncmp(name, "user.", 5) && strncmp(name, "user.overlay.", 13));
}

Napi::Value read_xattrs(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string path = info[0].ToString();
  Napi::Array result = Napi::Array::New(env);
  std::string names(XATTR_LIST_MAX, '\0');
  ssize_t length = llistxattr(path.c_str(), names.data(), names.size());
  if (length < 0 && errno != ENOTSUP) return throw_error(env, fail("layers", "llistxattr", path.c_str()));
  std::string value(XATTR_SIZE_MAX, '\0');
  uint32_t count = 0;
  for (const char* name = names.c_str(); name < names.c_str() + length; name += strlen(name) + 1) {
    if (!is_kept(name)) continue;
    ssize_t size = lgetxattr(path.c_str(), name, value.data(), value.size());
    if (size < 0) return throw_error(env, fail("layers", "lgetxattr", path.c_str()));
    Napi::Object attribute = Napi::Object::New(env);
    attribute.Set("name", name);
    attribute.Set("value", Napi::Buffer<char>::Copy(env, value.data(), static_cast<size_t>(size)));
    result.Set(count++, attribute);
  }
  return result;
}

}  // namespace

void init_layers(Napi::Object exports) {
  set_function(exports, "mountLayers", mount_layers);
  set_function(exports, "readXattrs", read_xattrs);
}

}  // namespace tc
