// Memory that is given back all at once. A monitor keeps one arena for its spec; everything it parses for a moment (a
// request, a file) lives in an arena of its own that is unmapped right after, so that resident memory stays small.
#pragma once
#include <cstddef>
#include <cstring>
#include <new>

namespace tc {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { release(); }

  // Zeroed, aligned for any type. Never null: without memory the process ends, as there is nothing sensible left to do.
  void* allocate(size_t size);
  template <typename T>
  T* make(size_t count = 1) {
    return static_cast<T*>(allocate(sizeof(T) * count));
  }
  // A NUL-terminated copy.
  char* copy(const char* text, size_t length);
  char* copy(const char* text) { return copy(text, strlen(text)); }
  void release();

 private:
  struct Chunk {
    Chunk* next;
    size_t size;
  };
  Chunk* chunks_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace tc
