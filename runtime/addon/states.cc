// The files in which endpoints say whether they may be sent to, a byte a slot.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "../common/fd.h"
#include "addon.h"

namespace tc {

namespace {

// Readable for the stripped network children, which map it; the run directory above keeps others out.
constexpr mode_t states_mode = 0644;

Error create_states(const char* path, uint32_t slots) {
  Fd file(open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, states_mode));
  if (!file) return fail("create states", "open", path);
  struct stat status;
  if (fstat(file.get(), &status)) return fail("create states", "fstat", path);
  if (status.st_size >= static_cast<off_t>(slots)) return {};
  // Allocated now: a hole that cannot be filled later would be a SIGBUS in whoever reads it.
  int error = posix_fallocate(file.get(), 0, slots);
  return error ? fail_with(error, "create states", "fallocate", path) : Error{};
}

Napi::Value create_states(const Napi::CallbackInfo& info) {
  Error error = create_states(info[0].ToString().Utf8Value().c_str(), info[1].ToNumber().Uint32Value());
  return error ? throw_error(info.Env(), error) : info.Env().Undefined();
}

Napi::Value read_states(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string path = info[0].ToString().Utf8Value();
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  if (!file) return throw_error(env, fail("read states", "open", path.c_str()));
  if (fstat(file.get(), &status)) return throw_error(env, fail("read states", "fstat", path.c_str()));
  std::vector<uint8_t> bytes(static_cast<size_t>(status.st_size));
  ssize_t got = pread(file.get(), bytes.data(), bytes.size(), 0);
  if (got < 0) return throw_error(env, fail("read states", "read", path.c_str()));
  Napi::Uint8Array result = Napi::Uint8Array::New(env, static_cast<size_t>(got));
  memcpy(result.Data(), bytes.data(), static_cast<size_t>(got));
  return result;
}

}  // namespace

void init_states(Napi::Object exports) {
  set_function(exports, "createStates", create_states);
  set_function(exports, "readStates", read_states);
}

}  // namespace tc
