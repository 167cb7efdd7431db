// Several layers as one tree, for reading: an overlay that is mounted nowhere. Whoever has its descriptor reaches it by
// /proc/self/fd; it goes with the descriptor. And the extended attributes of what is found there.
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "addon.h"

namespace tc {

namespace {

// fsconfig(2) takes strings of 255 bytes.
constexpr size_t largest_option = 255;
constexpr size_t most_layers = 500;

int set_string(int fs, const char* key, const std::string& value) {
  return fsconfig(fs, FSCONFIG_SET_STRING, key, value.c_str(), 0);
}

Error add_layers(int fs, const std::vector<Fd>& directories) {
  std::string joined;
  bool is_modern = true;
  for (const Fd& directory : directories) {
    // By descriptor: a path may be too long, or hold characters that overlayfs takes for its own.
    std::string name = "/proc/self/fd/" + std::to_string(directory.get());
    joined += joined.empty() ? name : ":" + name;
    if (!is_modern || set_string(fs, "lowerdir+", name) == 0) continue;
    // Before Linux 6.8 there is one option for all of them.
    if (&directory != &directories.front()) return fail("layers", "fsconfig");
    is_modern = false;
  }
  if (is_modern) return {};
  if (joined.size() > largest_option) return fail_with(E2BIG, "layers", "fsconfig");
  return set_string(fs, "lowerdir", joined) == 0 ? Error{} : fail("layers", "fsconfig");
}

Error mount_merged(const std::vector<std::string>& layers, Fd* mount) {
  if (layers.size() > most_layers) return fail_with(E2BIG, "layers", "overlay");
  std::vector<Fd> directories;
  for (const std::string& layer : layers) {
    directories.emplace_back(open(layer.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directories.back()) return fail("layers", "open", layer.c_str());
  }
  Fd fs(fsopen("overlay", FSOPEN_CLOEXEC));
  if (!fs) return fail("layers", "fsopen", "overlay");
  if (Error error = add_layers(fs.get(), directories)) return error;
  if (fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return fail("layers", "fsconfig", "create");
  mount->reset(fsmount(fs.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID));
  return *mount ? Error{} : fail("layers", "fsmount");
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
