// Promises that another thread settles, and the two ways to wait off the event loop: a thread of its own for a system
// call that blocks, and one shared poller for descriptors. The libuv pool is not used: four waiting starts would stop
// every file operation of Node.
#pragma once
#include <functional>
#include <memory>

#include "addon.h"

namespace tc {

// Created on the loop's thread; settled exactly once, from any thread. Keeps the loop alive until then.
class Pending {
 public:
  using Result = std::function<Napi::Value(Napi::Env)>;

  explicit Pending(Napi::Env env);
  // Unsettled: the promise stays pending; only for a function that throws instead of returning it.
  ~Pending();
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  Napi::Promise promise() const { return deferred_.Promise(); }
  // `result` runs on the loop's thread.
  static void resolve(std::unique_ptr<Pending> pending, Result result);
  static void reject(std::unique_ptr<Pending> pending, const Error& error);

 private:
  static void settle_on_loop(napi_env env, napi_value, void*, void* data);
  static void settle(std::unique_ptr<Pending> pending);

  Napi::Promise::Deferred deferred_;
  napi_threadsafe_function function_ = nullptr;
  Error error_;
  Result result_;
};

// Runs `work` on a thread of its own, with all signals blocked, so that nothing interrupts its system calls.
Error start_thread(std::function<void()> work);

// Settles with what `work` says on a thread of its own, undefined unless there is a `result`. What `work` holds is closed
// before anybody hears of its end.
Napi::Promise run_on_thread(Napi::Env env, std::function<Error()> work, Pending::Result result = {});

// Something that waits for a descriptor to become readable. Called on the poller's thread, never twice at once.
class Watch {
 public:
  virtual ~Watch() = default;
  // True: finished, the watch is destroyed. Must not block.
  virtual bool readable() = 0;
  // The descriptor is about to be closed.
  virtual void cancelled() = 0;
};

// Error EBUSY if somebody waits for `fd` already; then `watch` was destroyed.
Error watch_descriptor(int fd, std::unique_ptr<Watch> watch);
// Ends the wait for `fd`, if there is one; to be called before `fd` is closed.
void cancel_watch(int fd);

}  // namespace tc
