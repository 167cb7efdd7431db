// Reads a tar stream entry by entry. Everything is bounded, and nothing here touches the file system.
#pragma once
#include <memory>

#include "../common/error.h"
#include "tar_entry.h"

namespace tc {

class TarReader {
 public:
  explicit TarReader(int fd);

  // The next entry with the extensions that precede it; what is left of the one before is skipped. `*found` is false at
  // the end mark, and at an end-of-file where a header would stand: many writers leave the mark out.
  Error next(TarEntry* entry, bool* found);
  // The next piece of the entry's content, valid until the next call; *size 0: there is no more.
  Error content(const uint8_t** data, size_t* size);
  // Reads on to end-of-file, so that the writer is never cut off. What follows the end mark is not looked at.
  Error drain();
  // Header blocks so far, those of extensions included.
  uint64_t headers() const { return headers_; }

 private:
  Error fill(size_t wanted, bool* complete);
  Error take_block(const uint8_t** block, bool* found);
  Error skip_content();
  Error read_extension(const TarEntry& header, std::string* text);
  Error collect(const TarEntry& header, TarExtension* extension, bool* is_extension);
  Error complete(const uint8_t* header, const TarExtension& extension, TarEntry* entry);
  Error read_gnu_sparse(const uint8_t* header, TarEntry* entry);
  Error read_sparse_map(TarEntry* entry);

  int fd_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t begin_ = 0, end_ = 0;
  bool at_end_ = false;
  uint64_t left_ = 0, padding_ = 0;
  uint64_t headers_ = 0;
};

}  // namespace tc
