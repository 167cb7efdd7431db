#include "tar_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace tc {

namespace {

constexpr size_t buffer_size = 1 << 20;
// Go's limit for the content of a long name or of PAX records.
constexpr uint64_t largest_extension = 1 << 20;
constexpr size_t most_extents = 1000 * 1000;

Error malformed(const char* reason, const std::string& name = "") {
  return fail_with(EBADMSG, "archive", reason, name.c_str());
}

Error truncated() { return malformed("it ends in the middle of an entry"); }

uint64_t padding_of(uint64_t size) { return (tar_block - size % tar_block) % tar_block; }

std::string until_zero(const std::string& text) { return text.substr(0, text.find('\0')); }

}  // namespace

TarReader::TarReader(int fd) : fd_(fd), buffer_(new uint8_t[buffer_size]) {}

// Makes `wanted` bytes stand in the buffer; fewer only at end-of-file, and then *complete is false.
Error TarReader::fill(size_t wanted, bool* complete) {
  if (end_ - begin_ < wanted && begin_ > 0) {
    memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < wanted && !at_end_) {
    ssize_t got = read(fd_, buffer_.get() + end_, buffer_size - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("archive", "read");
    at_end_ = got == 0;
    end_ += static_cast<size_t>(got);
  }
  *complete = end_ - begin_ >= wanted;
  return {};
}

Error TarReader::take_block(const uint8_t** block, bool* found) {
  if (Error error = fill(tar_block, found)) return error;
  if (!*found) return begin_ == end_ ? Error{} : truncated();
  *block = buffer_.get() + begin_;
  begin_ += tar_block;
  return {};
}

Error TarReader::content(const uint8_t** data, size_t* size) {
  *size = 0;
  if (left_ == 0) return {};
  bool complete;
  if (Error error = fill(1, &complete)) return error;
  if (!complete) return truncated();
  *data = buffer_.get() + begin_;
  *size = static_cast<size_t>(std::min<uint64_t>(left_, end_ - begin_));
  begin_ += *size;
  left_ -= *size;
  return {};
}

Error TarReader::skip_content() {
  left_ += padding_;
  padding_ = 0;
  while (left_ > 0) {
    const uint8_t* data;
    size_t size;
    if (Error error = content(&data, &size)) return error;
  }
  return {};
}

Error TarReader::drain() {
  while (!at_end_) {
    bool complete;
    begin_ = end_ = 0;
    if (Error error = fill(1, &complete)) return error;
  }
  return {};
}

Error TarReader::next(TarEntry* entry, bool* found) {
  TarExtension extension;
  for (;;) {
    if (Error error = skip_content()) return error;
    const uint8_t* block;
    if (Error error = take_block(&block, found)) return error;
    if (!*found) return extension.present ? truncated() : Error{};
    if (is_zero_block(block)) {
      *found = false;
      return extension.present ? truncated() : Error{};
    }
    headers_++;
    uint8_t header[tar_block];
    memcpy(header, block, tar_block);
    if (const char* reason = parse_tar_header(header, entry)) return malformed(reason, entry->name);
    bool is_extension;
    if (Error error = collect(*entry, &extension, &is_extension)) return error;
    if (!is_extension) return complete(header, extension, entry);
  }
}

// Long names and records of the entry to come. A global header ('g') and a volume label ('V') say nothing of files.
Error TarReader::collect(const TarEntry& header, TarExtension* extension, bool* is_extension) {
  *is_extension = memchr("LKxgV", header.type, 5) != nullptr;
  if (!*is_extension) return {};
  std::string text;
  if (Error error = read_extension(header, &text)) return error;
  if (header.type == 'x') {
    TarExtension records;
    if (const char* reason = parse_pax_records(text, &records)) return malformed(reason, header.name);
    records.gnu_path = std::move(extension->gnu_path);
    records.gnu_link = std::move(extension->gnu_link);
    *extension = std::move(records);
  }
  if (header.type == 'L') extension->gnu_path = until_zero(text);
  if (header.type == 'K') extension->gnu_link = until_zero(text);
  extension->present |= memchr("LKx", header.type, 3) != nullptr;
  return {};
}

Error TarReader::read_extension(const TarEntry& header, std::string* text) {
  if (header.size > largest_extension) return malformed("a long name or a PAX header is too large", header.name);
  left_ = header.size;
  padding_ = padding_of(header.size);
  const uint8_t* data;
  size_t size;
  do {
    if (Error error = content(&data, &size)) return error;
    text->append(reinterpret_cast<const char*>(data), size);
  } while (size > 0);
  return {};
}

Error TarReader::complete(const uint8_t* header, const TarExtension& extension, TarEntry* entry) {
  if (const char* reason = apply_extension(extension, entry)) return malformed(reason, entry->name);
  left_ = entry->size;
  padding_ = padding_of(entry->size);
  if (entry->type == 'S') {
    if (Error error = read_gnu_sparse(header, entry)) return error;
  } else if (entry->sparse && extension.sparse_major == 1) {
    if (Error error = read_sparse_map(entry)) return error;
  }
  if (!entry->sparse) return {};
  const char* reason = check_extents(*entry);
  return reason ? malformed(reason, entry->name) : Error{};
}

// The old GNU format: four extents in the header, more in blocks between it and the content.
Error TarReader::read_gnu_sparse(const uint8_t* header, TarEntry* entry) {
  constexpr size_t pairs = 386, more = 482, real_size = 483, block_pairs = 21, block_more = 504;
  entry->type = '0';
  entry->sparse = true;
  const char* reason = parse_tar_number(header + real_size, 12, &entry->real_size);
  if (!reason) reason = parse_gnu_extents(header + pairs, 4, &entry->extents);
  bool has_more = header[more] != 0;
  while (!reason && has_more) {
    const uint8_t* block;
    bool found;
    if (Error error = take_block(&block, &found)) return error;
    if (!found) return truncated();
    reason = parse_gnu_extents(block, block_pairs, &entry->extents);
    has_more = block[block_more] != 0;
    if (entry->extents.size() > most_extents) reason = "a sparse map is too long";
  }
  return reason ? malformed(reason, entry->name) : Error{};
}

// PAX sparse 1.0: the content begins with decimal numbers, one a line: how many extents, then offset and length of
// each; filled up to a whole block.
Error TarReader::read_sparse_map(TarEntry* entry) {
  std::vector<uint64_t> numbers;
  uint64_t number = 0, used = 0;
  size_t digits = 0;
  while (numbers.empty() || numbers.size() < 1 + 2 * numbers[0]) {
    const uint8_t* block;
    bool found;
    if (used + tar_block > entry->size) return malformed("a sparse map does not fit its content", entry->name);
    if (Error error = take_block(&block, &found)) return error;
    if (!found) return truncated();
    used += tar_block;
    for (size_t i = 0; i < tar_block && (numbers.empty() || numbers.size() < 1 + 2 * numbers[0]); i++) {
      bool is_digit = block[i] >= '0' && block[i] <= '9';
      if (is_digit && ++digits <= 18) {
        number = number * 10 + (block[i] - '0');
      } else if (block[i] == '\n' && digits > 0) {
        numbers.push_back(number);
        number = digits = 0;
      } else {
        return malformed("a sparse map is not a list of numbers", entry->name);
      }
      if (!numbers.empty() && numbers[0] > most_extents) return malformed("a sparse map is too long", entry->name);
    }
  }
  for (size_t i = 1; i < numbers.size(); i += 2) entry->extents.push_back({numbers[i], numbers[i + 1]});
  entry->size -= used;
  left_ = entry->size;
  padding_ = padding_of(entry->size);
  return {};
}

}  // namespace tc
