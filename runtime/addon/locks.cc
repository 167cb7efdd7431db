// flock(2). A lock belongs to the open file description: the monitor inherits it with the descriptor.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <string>

#include "../common/fd.h"
#include "addon.h"
#include "pending.h"

namespace tc {

namespace {

// LOCK_SH or LOCK_EX; -1 with a TypeError pending.
int to_operation(Napi::Env env, Napi::Value value) {
  std::string mode = value.ToString();
  if (mode == "shared") return LOCK_SH;
  if (mode == "exclusive") return LOCK_EX;
  throw_type_error(env, "a lock is 'shared' or 'exclusive'");
  return -1;
}

// Whether it was taken; `error` only for failures other than "held by somebody else".
bool take_at_once(int fd, int operation, Error* error) {
  if (flock(fd, operation | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) *error = fail("lock", "flock");
  return false;
}

Napi::Value try_lock(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fd = to_descriptor(env, info[0]);
  int operation = fd < 0 ? -1 : to_operation(env, info[1]);
  if (operation < 0) return env.Undefined();
  Error error;
  bool taken = take_at_once(fd, operation, &error);
  if (error) return throw_error(env, error);
  return Napi::Boolean::New(env, taken);
}

Napi::Value lock(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fd = to_descriptor(env, info[0]);
  int operation = fd < 0 ? -1 : to_operation(env, info[1]);
  if (operation < 0) return env.Undefined();
  Error error;
  bool taken = take_at_once(fd, operation, &error);
  if (error) return throw_error(env, error);
  if (taken || !info[2].ToBoolean().Value()) {
    auto pending = std::make_unique<Pending>(env);
    Napi::Promise promise = pending->promise();
    Pending::resolve(std::move(pending), [taken](Napi::Env env) { return Napi::Boolean::New(env, taken); });
    return promise;
  }
  // The copy shares the description, hence the lock: closing it does not release that, and the caller's close does.
  auto copy = std::make_shared<Fd>(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!*copy) return throw_error(env, fail("lock", "fcntl"));
  return run_on_thread(
      env, [copy, operation] { return flock(copy->get(), operation) < 0 ? fail("lock", "flock") : Error{}; },
      [](Napi::Env env) { return Napi::Boolean::New(env, true); });
}

Napi::Value unlock(const Napi::CallbackInfo& info) {
  int fd = to_descriptor(info.Env(), info[0]);
  if (fd < 0) return info.Env().Undefined();
  if (flock(fd, LOCK_UN) < 0) return throw_error(info.Env(), fail("unlock", "flock"));
  return info.Env().Undefined();
}

}  // namespace

void init_locks(Napi::Object exports) {
  set_function(exports, "lock", lock);
  set_function(exports, "tryLock", try_lock);
  set_function(exports, "unlock", unlock);
}

}  // namespace tc
