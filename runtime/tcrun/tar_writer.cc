#include "tar_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace tc {

namespace {

constexpr size_t buffer_size = 256 << 10;
constexpr size_t name_length = 100;
// Seven octal digits.
constexpr uint32_t largest_id = 07777777;
// Eleven octal digits.
constexpr uint64_t largest_size = 077777777777;

bool fits(const std::string& text) {
  return text.size() <= name_length && std::all_of(text.begin(), text.end(), [](char each) { return each > 0; });
}

// The length counts its own digits.
void append_record(std::string* records, const std::string& key, const std::string& value) {
  size_t length = key.size() + value.size() + 3;
  size_t total = length + std::to_string(length).size();
  if (std::to_string(total).size() > std::to_string(length).size()) total++;
  *records += std::to_string(total) + " " + key + "=" + value + "\n";
}

std::string pax_records(const TarEntry& entry) {
  std::string records;
  if (!fits(entry.name)) append_record(&records, "path", entry.name);
  if (!fits(entry.link)) append_record(&records, "linkpath", entry.link);
  if (entry.size > largest_size) append_record(&records, "size", std::to_string(entry.size));
  if (entry.uid > largest_id) append_record(&records, "uid", std::to_string(entry.uid));
  if (entry.gid > largest_id) append_record(&records, "gid", std::to_string(entry.gid));
  if (static_cast<uint64_t>(entry.mtime) > largest_size) {
    append_record(&records, "mtime", std::to_string(entry.mtime));
  }
  for (const Xattr& xattr : entry.xattrs) append_record(&records, "SCHILY.xattr." + xattr.name, xattr.value);
  return records;
}

void put_octal(uint8_t* field, size_t length, uint64_t value) {
  char digits[16];
  snprintf(digits, sizeof digits, "%0*lo", static_cast<int>(length - 1), value);
  memcpy(field, digits, length);
}

void put_text(uint8_t* field, size_t length, const std::string& text) {
  memcpy(field, text.data(), std::min(length, text.size()));
}

}  // namespace

TarWriter::TarWriter(int fd) : fd_(fd), buffer_(new uint8_t[buffer_size]) {}

Error TarWriter::begin(const TarEntry& entry) {
  std::string records = pax_records(entry);
  if (!records.empty()) {
    TarEntry extension;
    extension.type = 'x';
    extension.name = "PaxHeaders/" + entry.name.substr(entry.name.rfind('/') + 1).substr(0, name_length / 2);
    extension.size = records.size();
    extension.mode = 0644;
    Error error = put_header(extension);
    if (!error) error = put(records.data(), records.size());
    if (!error) error = put_padding(records.size());
    if (error) return error;
  }
  left_ = size_ = entry.size;
  return put_header(entry);
}

Error TarWriter::put_header(const TarEntry& entry) {
  uint8_t header[tar_block] = {};
  put_text(header, name_length, entry.name);
  put_octal(header + 100, 8, entry.mode);
  put_octal(header + 108, 8, std::min(entry.uid, largest_id));
  put_octal(header + 116, 8, std::min(entry.gid, largest_id));
  put_octal(header + 124, 12, std::min(entry.size, largest_size));
  put_octal(header + 136, 12, std::min(static_cast<uint64_t>(entry.mtime), largest_size));
  memset(header + 148, ' ', 8);
  header[156] = static_cast<uint8_t>(entry.type);
  put_text(header + 157, name_length, entry.link);
  memcpy(header + 257, "ustar\00000", 8);
  put_octal(header + 329, 8, entry.major);
  put_octal(header + 337, 8, entry.minor);
  uint64_t sum = 0;
  for (uint8_t byte : header) sum += byte;
  put_octal(header + 148, 7, sum);
  return put(header, sizeof header);
}

Error TarWriter::write(const uint8_t* data, size_t size) {
  size = static_cast<size_t>(std::min<uint64_t>(size, left_));
  left_ -= size;
  return put(data, size);
}

Error TarWriter::end() {
  static constexpr uint8_t zeros[4096] = {};
  while (left_ > 0) {
    if (Error error = write(zeros, sizeof zeros)) return error;
  }
  return put_padding(size_);
}

Error TarWriter::finish() {
  static constexpr uint8_t mark[2 * tar_block] = {};
  if (Error error = put(mark, sizeof mark)) return error;
  return flush();
}

Error TarWriter::put_padding(uint64_t size) {
  static constexpr uint8_t zeros[tar_block] = {};
  return put(zeros, (tar_block - size % tar_block) % tar_block);
}

Error TarWriter::put(const void* data, size_t size) {
  auto* bytes = static_cast<const uint8_t*>(data);
  while (size > 0) {
    size_t piece = std::min(size, buffer_size - used_);
    memcpy(buffer_.get() + used_, bytes, piece);
    used_ += piece;
    bytes += piece;
    size -= piece;
    if (used_ < buffer_size) break;
    if (Error error = flush()) return error;
  }
  return {};
}

Error TarWriter::flush() {
  for (size_t done = 0; done < used_;) {
    ssize_t put = ::write(fd_, buffer_.get() + done, used_ - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail("archive", "write");
    done += static_cast<size_t>(put);
  }
  used_ = 0;
  return {};
}

}  // namespace tc
