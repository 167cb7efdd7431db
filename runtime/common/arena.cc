// Arena: chunks straight from mmap, so that releasing gives the pages back to the host.
#include "arena.h"

#include <sys/mman.h>
#include <unistd.h>

namespace tc {

namespace {
constexpr size_t kAlign = alignof(std::max_align_t);
constexpr size_t kPage = 4096;
constexpr size_t kChunk = 4 * kPage;

size_t round_up(size_t size, size_t to) { return (size + to - 1) / to * to; }
}  // namespace

void* Arena::allocate(size_t size) {
  size = round_up(size ? size : 1, kAlign);
  if (size > size_t(end_ - at_)) {
    size_t header = round_up(sizeof(Chunk), kAlign);
    size_t whole = size + header > kChunk ? round_up(size + header, kPage) : kChunk;
    void* memory = mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) _exit(125);
    chunks_ = new (memory) Chunk{chunks_, whole};
    at_ = static_cast<char*>(memory) + header;
    end_ = static_cast<char*>(memory) + whole;
  }
  void* result = at_;
  at_ += size;
  return result;
}

char* Arena::copy(const char* text, size_t length) {
  char* result = static_cast<char*>(allocate(length + 1));
  memcpy(result, text, length);
  return result;
}

void Arena::release() {
  while (chunks_) {
    Chunk* chunk = chunks_;
    chunks_ = chunk->next;
    munmap(chunk, chunk->size);
  }
  at_ = end_ = nullptr;
}

}  // namespace tc
