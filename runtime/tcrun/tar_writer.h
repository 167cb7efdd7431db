// Writes a tar stream: ustar headers, with PAX records before them for what does not fit. The same tree gives the same
// bytes: times are whole seconds, nothing names the writer.
#pragma once
#include <memory>
#include <string>

#include "../common/error.h"
#include "tar_entry.h"

namespace tc {

class TarWriter {
 public:
  explicit TarWriter(int fd);

  // The header; `entry.size` bytes of content follow by write().
  Error begin(const TarEntry& entry);
  Error write(const uint8_t* data, size_t size);
  // Fills up the block. Content that fell short of what the header said is made up with zeros.
  Error end();
  // The end mark.
  Error finish();

 private:
  Error put(const void* data, size_t size);
  Error put_padding(uint64_t size);
  Error flush();
  Error put_header(const TarEntry& entry);

  int fd_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t used_ = 0;
  uint64_t left_ = 0;
  uint64_t size_ = 0;
};

}  // namespace tc
