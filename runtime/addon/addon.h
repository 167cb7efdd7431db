// What the files of the addon share. The addon never changes namespaces, credentials, cwd or limits of the Node
// process, and never keeps the event loop waiting for anything but the kernel.
#pragma once
#include <napi.h>

#include "../common/error.h"

namespace tc {

// An Error object with `syscall`, `errno` and `code` (both the name, as EADDRINUSE) and, where there is one, `path`.
Napi::Error make_error(Napi::Env env, const Error& error);
// Throws it and returns undefined, for `return throw_error(...)`.
Napi::Value throw_error(Napi::Env env, const Error& error);
Napi::Value throw_type_error(Napi::Env env, const char* message);

// The descriptor in `value`, or -1 with a TypeError pending.
int to_descriptor(Napi::Env env, Napi::Value value);
void set_function(Napi::Object exports, const char* name, Napi::Value (*function)(const Napi::CallbackInfo&));

void init_files(Napi::Object exports);
void init_hashes(Napi::Object exports);
void init_locks(Napi::Object exports);
void init_mounts(Napi::Object exports);
void init_process(Napi::Object exports);
void init_launch(Napi::Object exports);
void init_cgroup(Napi::Object exports);
void init_sockets(Napi::Object exports);
void init_network(Napi::Env env, Napi::Object exports);
void init_states(Napi::Object exports);
void init_unpack(Napi::Env env, Napi::Object exports);
void init_layers(Napi::Object exports);

}  // namespace tc
