#include "pending.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <utility>

namespace tc {

Pending::Pending(Napi::Env env) : deferred_(Napi::Promise::Deferred::New(env)) {
  napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "tcompose"), 0, 1, nullptr, nullptr,
                                  nullptr, settle_on_loop, &function_);
}

void Pending::resolve(std::unique_ptr<Pending> pending, Result result) {
  pending->result_ = std::move(result);
  settle(std::move(pending));
}

void Pending::reject(std::unique_ptr<Pending> pending, const Error& error) {
  pending->error_ = error;
  settle(std::move(pending));
}

Pending::~Pending() {
  if (function_) napi_release_threadsafe_function(function_, napi_tsfn_release);
}

void Pending::settle(std::unique_ptr<Pending> pending) {
  napi_threadsafe_function function = std::exchange(pending->function_, nullptr);
  Pending* data = pending.release();
  // napi_closing: the environment is being torn down, nobody waits any more, and the function is released already.
  if (napi_call_threadsafe_function(function, data, napi_tsfn_nonblocking) == napi_ok) {
    napi_release_threadsafe_function(function, napi_tsfn_release);
  } else {
    delete data;
  }
}

void Pending::settle_on_loop(napi_env env, napi_value, void*, void* data) {
  std::unique_ptr<Pending> pending(static_cast<Pending*>(data));
  if (!env) return;
  Napi::Env scope(env);
  if (pending->error_) {
    pending->deferred_.Reject(make_error(scope, pending->error_).Value());
  } else {
    pending->deferred_.Resolve(pending->result_(scope));
  }
}

Error start_thread(std::function<void()> work) {
  auto* argument = new std::function<void()>(std::move(work));
  sigset_t all, before;
  sigfillset(&all);
  // The new thread inherits the mask; this thread has its own back before it returns.
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int errnum = pthread_create(
      &thread, nullptr,
      [](void* data) -> void* {
        std::unique_ptr<std::function<void()>> run(static_cast<std::function<void()>*>(data));
        (*run)();
        return nullptr;
      },
      argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (errnum != 0) {
    delete argument;
    return fail_with(errnum, "thread", "pthread_create");
  }
  pthread_detach(thread);
  return {};
}

Napi::Promise run_on_thread(Napi::Env env, std::function<Error()> work, Pending::Result result) {
  auto* pending = new Pending(env);
  Napi::Promise promise = pending->promise();
  if (!result) result = [](Napi::Env env) { return env.Undefined(); };
  Error error = start_thread([pending, work = std::move(work), result = std::move(result)]() mutable {
    std::unique_ptr<Pending> settled(pending);
    Error failure = work();
    work = nullptr;
    if (failure) return Pending::reject(std::move(settled), failure);
    Pending::resolve(std::move(settled), std::move(result));
  });
  if (error) Pending::reject(std::unique_ptr<Pending>(pending), error);
  return promise;
}

namespace {

// One epoll set and one thread for the life of the process. Callbacks run under the mutex, so that cancel() returns
// only when nothing uses the descriptor any more.
class Poller {
 public:
  Error watch(int fd, std::unique_ptr<Watch> watch) {
    std::lock_guard<std::mutex> guard(mutex_);
    if (Error error = start()) return error;
    if (watches_.count(fd) > 0) return fail_with(EBUSY, "wait", "epoll_ctl");
    epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = fd}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) < 0) return fail("wait", "epoll_ctl");
    watches_[fd] = std::move(watch);
    return {};
  }

  void cancel(int fd) {
    std::lock_guard<std::mutex> guard(mutex_);
    auto found = watches_.find(fd);
    if (found == watches_.end()) return;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    std::unique_ptr<Watch> watch = std::move(found->second);
    watches_.erase(found);
    watch->cancelled();
  }

 private:
  Error start() {
    if (epoll_ >= 0) return {};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) return fail("wait", "epoll_create1");
    if (Error error = start_thread([this, epoll] { run(epoll); })) {
      close(epoll);
      return error;
    }
    epoll_ = epoll;
    return {};
  }

  [[noreturn]] void run(int epoll) {
    for (;;) {
      epoll_event events[16];
      int count = epoll_wait(epoll, events, 16, -1);
      for (int i = 0; i < count; i++) dispatch(epoll, events[i].data.fd);
    }
  }

  // A descriptor that was closed and opened anew meanwhile makes a false alarm, which readable() sees as EAGAIN.
  void dispatch(int epoll, int fd) {
    std::lock_guard<std::mutex> guard(mutex_);
    auto found = watches_.find(fd);
    if (found == watches_.end() || !found->second->readable()) return;
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
    watches_.erase(found);
  }

  std::mutex mutex_;
  std::map<int, std::unique_ptr<Watch>> watches_;
  int epoll_ = -1;
};

// Never destroyed: its thread runs until the process ends.
Poller& poller() {
  static Poller* instance = new Poller;
  return *instance;
}

}  // namespace

Error watch_descriptor(int fd, std::unique_ptr<Watch> watch) { return poller().watch(fd, std::move(watch)); }

void cancel_watch(int fd) { poller().cancel(fd); }

}  // namespace tc
