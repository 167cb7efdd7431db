// Volumes that are file systems of their own, and memory that only a descriptor leads to.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "../common/fd.h"
#include "addon.h"
#include "pending.h"

namespace tc {

namespace {

// {source, target, type, flags, data}
Napi::Value mount_filesystem(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsObject()) return throw_type_error(env, "a mount is an object");
  Napi::Object request = info[0].As<Napi::Object>();
  std::string source = request.Get("source").ToString(), target = request.Get("target").ToString();
  std::string type = request.Get("type").ToString(), data = request.Get("data").ToString();
  unsigned long flags = request.Get("flags").ToNumber().Uint32Value();
  // A server may take its time to answer.
  return run_on_thread(env, [=] {
    int done = mount(source.c_str(), target.c_str(), type.c_str(), flags, data.c_str());
    return done == 0 ? Error{} : fail("mount", "mount", source.c_str());
  });
}

// What uses it still has it until it ends; the name is free at once.
Napi::Value unmount(const Napi::CallbackInfo& info) {
  std::string path = info[0].ToString();
  return run_on_thread(info.Env(), [path] {
    int done = umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    // EINVAL: nothing is mounted there.
    return done == 0 || errno == EINVAL || errno == ENOENT ? Error{} : fail("mount", "umount2", path.c_str());
  });
}

// Asks the file system itself for nothing: its server may be away.
Napi::Value is_mount_point(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string path = info[0].ToString();
  struct statx found {};
  constexpr int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (statx(AT_FDCWD, path.c_str(), flags, 0, &found) != 0) {
    if (errno == ENOENT) return Napi::Boolean::New(env, false);
    return throw_error(env, fail("mount", "statx", path.c_str()));
  }
  return Napi::Boolean::New(env, found.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

Napi::Value create_memory(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsTypedArray()) return throw_type_error(env, "the content is bytes");
  auto bytes = info[0].As<Napi::Uint8Array>();
  Fd memory(memfd_create("tcompose", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return throw_error(env, fail("memory", "memfd_create"));
  for (size_t done = 0; done < bytes.ByteLength();) {
    ssize_t put = write(memory.get(), bytes.Data() + done, bytes.ByteLength() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return throw_error(env, fail("memory", "write"));
    done += static_cast<size_t>(put);
  }
  int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fcntl(memory.get(), F_ADD_SEALS, seals) != 0) return throw_error(env, fail("memory", "fcntl"));
  return Napi::Number::New(env, memory.release());
}

}  // namespace

void init_mounts(Napi::Object exports) {
  set_function(exports, "mount", mount_filesystem);
  set_function(exports, "unmount", unmount);
  set_function(exports, "isMountPoint", is_mount_point);
  set_function(exports, "createMemory", create_memory);
}

}  // namespace tc
