// One epoll_wait after another.
#include "event_loop.h"

namespace tc {

void IdleList::touch(IdleEntry* entry) {
  remove(entry);
  entry->deadline = monotonic_ms() + timeout_;
  entry->previous = head_.previous;
  entry->next = &head_;
  entry->previous->next = entry;
  head_.previous = entry;
}

void IdleList::remove(IdleEntry* entry) {
  if (!entry->next) return;
  entry->previous->next = entry->next;
  entry->next->previous = entry->previous;
  entry->previous = entry->next = nullptr;
}

void IdleList::expire_due(int64_t now) {
  while (IdleEntry* entry = oldest()) {
    if (entry->deadline > now) return;
    expire_(entry);
  }
}

Error EventLoop::open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  return epoll_ < 0 ? fail("start network child", "epoll_create1") : Error{};
}

bool EventLoop::control(int operation, int fd, uint32_t events, Watcher* watcher) {
  epoll_event event = {};
  event.events = events;
  event.data.ptr = watcher;
  return epoll_ctl(epoll_, operation, fd, &event) == 0;
}

void EventLoop::add_list(IdleList* list) { lists_[list_count_++] = list; }

void EventLoop::defer(Deferred* object) {
  object->next_deferred = deferred_;
  deferred_ = object;
}

void EventLoop::reclaim_deferred() {
  while (Deferred* object = deferred_) {
    deferred_ = object->next_deferred;
    object->reclaim();
  }
}

int EventLoop::timeout() const {
  int64_t next = INT64_MAX;
  for (size_t i = 0; i < list_count_; i++) {
    IdleEntry* entry = lists_[i]->oldest();
    if (entry && entry->deadline < next) next = entry->deadline;
  }
  if (next == INT64_MAX) return -1;
  int64_t wait = next - monotonic_ms();
  return wait < 0 ? 0 : static_cast<int>(wait);
}

void EventLoop::run() {
  epoll_event events[64];
  while (running_) {
    int count = epoll_wait(epoll_, events, sizeof events / sizeof *events, timeout());
    for (int i = 0; i < count; i++) static_cast<Watcher*>(events[i].data.ptr)->on_ready(events[i].events);
    int64_t now = monotonic_ms();
    for (size_t i = 0; i < list_count_; i++) lists_[i]->expire_due(now);
    reclaim_deferred();
  }
}

}  // namespace tc
