// Entry point of the addon, and how errors and arguments cross into and out of JavaScript.
#include "addon.h"

#include <cstring>
#include <string>

namespace tc {

Napi::Error make_error(Napi::Env env, const Error& error) {
  const char* name = errno_name(error.errnum);
  std::string message = std::string(error.syscall) + (error.path[0] ? " " : "") + error.path + ": " + name + " (" +
                        strerror(error.errnum) + ")";
  Napi::Error result = Napi::Error::New(env, message);
  result.Set("syscall", error.syscall);
  result.Set("errno", name);
  result.Set("code", name);
  if (error.path[0]) result.Set("path", error.path);
  return result;
}

Napi::Value throw_error(Napi::Env env, const Error& error) {
  make_error(env, error).ThrowAsJavaScriptException();
  return env.Undefined();
}

Napi::Value throw_type_error(Napi::Env env, const char* message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
  return env.Undefined();
}

int to_descriptor(Napi::Env env, Napi::Value value) {
  int fd = value.IsNumber() ? value.As<Napi::Number>().Int32Value() : -1;
  if (fd < 0) throw_type_error(env, "a descriptor is a number, 0 or more");
  return fd;
}

void set_function(Napi::Object exports, const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
  exports.Set(name, Napi::Function::New(exports.Env(), function, name));
}

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  init_files(exports);
  init_hashes(exports);
  init_locks(exports);
  init_mounts(exports);
  init_process(exports);
  init_launch(exports);
  init_cgroup(exports);
  init_sockets(exports);
  init_network(env, exports);
  init_states(exports);
  init_unpack(env, exports);
  init_layers(exports);
  return exports;
}

NODE_API_MODULE(tcompose, init)

}  // namespace tc
