// epoll with objects, their time-outs, and the pools that such objects live in. For processes that may call little:
// nothing here allocates after the pools are mapped.
#pragma once
#include <sys/epoll.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>

#include "../common/error.h"
#include "clock.h"

namespace tc {

// What a descriptor's events go to. Derived objects live in pools, are never deleted through this.
class Watcher {
 public:
  virtual void on_ready(uint32_t events) = 0;

 protected:
  ~Watcher() = default;
};

// A link of an IdleList. Derive from it.
struct IdleEntry {
  IdleEntry* previous = nullptr;
  IdleEntry* next = nullptr;
  int64_t deadline = 0;
};

// Objects that are given up when nothing happens to them for a fixed time: the head is always the next one due.
class IdleList {
 public:
  IdleList(int64_t timeout_ms, void (*expire)(IdleEntry*)) : timeout_(timeout_ms), expire_(expire) {
    head_.previous = head_.next = &head_;
  }
  IdleList(const IdleList&) = delete;
  IdleList& operator=(const IdleList&) = delete;

  // Adds the entry, or starts its time anew.
  void touch(IdleEntry* entry);
  void remove(IdleEntry* entry);
  // The one nothing has happened to for longest; null if the list is empty.
  IdleEntry* oldest() const { return head_.next == &head_ ? nullptr : head_.next; }
  // Gives up what is due. `expire` must remove or touch the entry.
  void expire_due(int64_t now);

 private:
  IdleEntry head_;
  int64_t timeout_;
  void (*expire_)(IdleEntry*);
};

class EventLoop {
 public:
  Error open();
  int descriptor() const { return epoll_; }
  bool add(int fd, uint32_t events, Watcher* watcher) { return control(EPOLL_CTL_ADD, fd, events, watcher); }
  bool change(int fd, uint32_t events, Watcher* watcher) { return control(EPOLL_CTL_MOD, fd, events, watcher); }
  void add_list(IdleList* list);
  // Runs until stop().
  void run();
  void stop() { running_ = false; }

  // An object that is done must stay where it is until the events already fetched are handled, since one of them may
  // be its own.
  class Deferred {
   public:
    virtual void reclaim() = 0;
    Deferred* next_deferred = nullptr;

   protected:
    ~Deferred() = default;
  };
  void defer(Deferred* object);

 private:
  static constexpr size_t max_lists = 8;
  bool control(int operation, int fd, uint32_t events, Watcher* watcher);
  int timeout() const;
  void reclaim_deferred();

  int epoll_ = -1;
  bool running_ = true;
  IdleList* lists_[max_lists] = {};
  size_t list_count_ = 0;
  Deferred* deferred_ = nullptr;
};

// Memory for `count` objects, touched only as far as it is used; nothing is constructed.
template <typename T>
Error map_array(size_t count, T** array) {
  void* memory = mmap(nullptr, count * sizeof(T) + 1, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return fail("start network child", "mmap");
  *array = static_cast<T*>(memory);
  return {};
}

// A fixed number of objects; places that are used already go first.
template <typename T>
class Pool {
 public:
  Error open(size_t capacity) {
    capacity_ = capacity;
    return map_array(capacity, &slots_);
  }
  // Null when all are taken.
  template <typename... Arguments>
  T* make(Arguments&&... arguments) {
    Slot* slot = free_;
    if (slot) {
      free_ = slot->next;
    } else if (used_ < capacity_) {
      slot = slots_ + used_++;
    } else {
      return nullptr;
    }
    return new (slot->object) T(static_cast<Arguments&&>(arguments)...);
  }
  void release(T* object) {
    object->~T();
    auto* slot = reinterpret_cast<Slot*>(object);
    slot->next = free_;
    free_ = slot;
  }
  bool is_full() const { return !free_ && used_ == capacity_; }

 private:
  union Slot {
    Slot* next;
    alignas(T) unsigned char object[sizeof(T)];
  };
  Slot* slots_ = nullptr;
  size_t capacity_ = 0;
  size_t used_ = 0;
  Slot* free_ = nullptr;
};

}  // namespace tc
