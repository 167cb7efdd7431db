// Descriptors, directories, pipes, and reading files inside a root that is not to be trusted.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "addon.h"
#include "pending.h"

namespace tc {

namespace {

Napi::Value open_directory(const Napi::CallbackInfo& info) {
  std::string path = info[0].ToString();
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return throw_error(info.Env(), fail("open", "open", path.c_str()));
  return Napi::Number::New(info.Env(), fd);
}

Napi::Value close_descriptor(const Napi::CallbackInfo& info) {
  int fd = to_descriptor(info.Env(), info[0]);
  if (fd < 0) return info.Env().Undefined();
  cancel_watch(fd);
  // EINTR closes too on Linux (close(2)).
  if (close(fd) < 0 && errno != EINTR) return throw_error(info.Env(), fail("close", "close"));
  return info.Env().Undefined();
}

Napi::Value sync_filesystem(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fd = to_descriptor(env, info[0]);
  if (fd < 0) return env.Undefined();
  // A copy, so that the caller may close its own while we wait.
  auto copy = std::make_shared<Fd>(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!*copy) return throw_error(env, fail("sync", "fcntl"));
  return run_on_thread(env, [copy] { return syncfs(copy->get()) < 0 ? fail("sync", "syncfs") : Error{}; });
}

Napi::Value make_pipe(const Napi::CallbackInfo& info) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return throw_error(info.Env(), fail("pipe", "pipe2"));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("read", ends[0]);
  result.Set("write", ends[1]);
  return result;
}

Napi::Value descriptor_kind(const Napi::CallbackInfo& info) {
  int fd = to_descriptor(info.Env(), info[0]);
  if (fd < 0) return info.Env().Undefined();
  struct stat status;
  if (fstat(fd, &status) < 0) return throw_error(info.Env(), fail("stat", "fstat"));
  const char* kind = "device";
  if (S_ISFIFO(status.st_mode)) kind = "pipe";
  if (S_ISSOCK(status.st_mode)) kind = "socket";
  if (S_ISREG(status.st_mode)) kind = "file";
  if (S_ISDIR(status.st_mode)) kind = "directory";
  if (S_ISCHR(status.st_mode) && isatty(fd)) kind = "tty";
  return Napi::String::New(info.Env(), kind);
}

bool is_absent(int errnum) { return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP; }

// Opens without side effects first (O_PATH does not wake a fifo or a device), looks, then opens for reading by the
// descriptor, so that nothing can be put in its place in between.
Error open_regular_in_root(const char* root, const char* path, Fd* file) {
  Fd directory(open(root, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail("read", "open", root);
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  Fd found(static_cast<int>(syscall(SYS_openat2, directory.get(), path, &how, sizeof how)));
  if (!found) return fail("read", "openat2", path);
  struct stat status;
  if (fstat(found.get(), &status) < 0) return fail("read", "fstat", path);
  if (!S_ISREG(status.st_mode)) return fail_with(ENOENT, "read", "openat2", path);
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", found.get());
  file->reset(open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  return *file ? Error{} : fail("read", "open", path);
}

Napi::Value read_in_root(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string root = info[0].ToString();
  std::string path = info[1].ToString();
  int64_t limit = info[2].ToNumber().Int64Value();
  if (limit < 0) return throw_type_error(env, "the limit is a number of bytes");
  Fd file;
  if (Error error = open_regular_in_root(root.c_str(), path.c_str(), &file)) {
    return is_absent(error.errnum) && error.path == path ? env.Undefined() : throw_error(env, error);
  }
  std::vector<uint8_t> content;
  uint8_t chunk[16384];
  while (content.size() < static_cast<size_t>(limit)) {
    size_t wanted = std::min(sizeof chunk, static_cast<size_t>(limit) - content.size());
    ssize_t got = read(file.get(), chunk, wanted);
    if (got < 0) return throw_error(env, fail("read", "read", path.c_str()));
    if (got == 0) break;
    content.insert(content.end(), chunk, chunk + got);
  }
  return Napi::Buffer<uint8_t>::Copy(env, content.data(), content.size());
}

}  // namespace

void init_files(Napi::Object exports) {
  set_function(exports, "openDirectory", open_directory);
  set_function(exports, "close", close_descriptor);
  set_function(exports, "syncFilesystem", sync_filesystem);
  set_function(exports, "pipe", make_pipe);
  set_function(exports, "descriptorKind", descriptor_kind);
  set_function(exports, "readInRoot", read_in_root);
}

}  // namespace tc
