// Deflate with the fixed Huffman codes: logs repeat themselves, and codes of their own would gain little beside the
// matches.
#include "gzip.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstring>

#include "../common/file.h"
#include "../common/text.h"

namespace tc {

namespace {

constexpr size_t kWindow = 32 * 1024;
constexpr size_t kMinMatch = 4;
constexpr size_t kMaxMatch = 258;
constexpr unsigned kHashBits = 15;
constexpr int kMaxChain = 32;
constexpr unsigned kEndOfBlock = 256;

// Lengths and distances: the first value of each code, and how many bits follow it (RFC 1951, 3.2.5).
constexpr uint16_t kLengthBase[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr uint8_t kLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr uint16_t kDistanceBase[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                      193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
constexpr uint8_t kDistanceBits[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                     6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

// Touched only by the process that compresses.
int32_t newest[1 << kHashBits];   // hash -> last position with it, -1: none
int32_t previous[kWindow];        // position -> the one before with the same hash
uint8_t buffer[64 * 1024];

class BitWriter {
 public:
  BitWriter(int fd, const char* path) : fd_(fd), path_(path) {}
  void bytes(const void* data, size_t length) {
    for (size_t i = 0; i < length; i++) byte(static_cast<const uint8_t*>(data)[i]);
  }
  // The lowest bit first.
  void bits(uint32_t value, unsigned count) {
    pending_ |= uint64_t(value) << pending_count_;
    for (pending_count_ += count; pending_count_ >= 8; pending_count_ -= 8, pending_ >>= 8) byte(uint8_t(pending_));
  }
  // Huffman codes: the highest bit first.
  void code(uint32_t value, unsigned count) {
    uint32_t reversed = 0;
    for (unsigned i = 0; i < count; i++) reversed |= ((value >> i) & 1) << (count - 1 - i);
    bits(reversed, count);
  }
  void align() {
    if (pending_count_) bits(0, 8 - pending_count_);
  }
  Error finish() {
    flush();
    return error_;
  }

 private:
  void byte(uint8_t value) {
    buffer[used_++] = value;
    if (used_ == sizeof buffer) flush();
  }
  void flush() {
    if (error_.ok()) error_ = write_all(fd_, path_, reinterpret_cast<const char*>(buffer), used_);
    used_ = 0;
  }

  int fd_;
  const char* path_;
  size_t used_ = 0;
  uint64_t pending_ = 0;
  unsigned pending_count_ = 0;
  Error error_;
};

// RFC 1951, 3.2.6.
void write_symbol(BitWriter& out, unsigned symbol) {
  if (symbol < 144) return out.code(0x30 + symbol, 8);
  if (symbol < 256) return out.code(0x190 + symbol - 144, 9);
  if (symbol < 280) return out.code(symbol - 256, 7);
  out.code(0xc0 + symbol - 280, 8);
}

template <size_t N>
unsigned find_code(const uint16_t (&bases)[N], size_t value) {
  unsigned code = N - 1;
  while (bases[code] > value) code--;
  return code;
}

void write_match(BitWriter& out, size_t length, size_t distance) {
  unsigned code = find_code(kLengthBase, length);
  write_symbol(out, 257 + code);
  out.bits(uint32_t(length - kLengthBase[code]), kLengthBits[code]);
  code = find_code(kDistanceBase, distance);
  out.code(code, 5);
  out.bits(uint32_t(distance - kDistanceBase[code]), kDistanceBits[code]);
}

uint32_t hash_at(const uint8_t* at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
  return (word * 2654435761u) >> (32 - kHashBits);
}

void remember(const uint8_t* data, size_t position, size_t size) {
  if (position + kMinMatch > size) return;
  int32_t& head = newest[hash_at(data + position)];
  previous[position % kWindow] = head;
  head = int32_t(position);
}

struct Match {
  size_t length = 0;
  size_t distance = 0;
};

Match find_match(const uint8_t* data, size_t position, size_t size) {
  Match best;
  if (position + kMinMatch > size) return best;
  size_t most = size - position < kMaxMatch ? size - position : kMaxMatch;
  int32_t candidate = newest[hash_at(data + position)];
  for (int steps = 0; candidate >= 0 && steps < kMaxChain; steps++) {
    size_t distance = position - size_t(candidate);
    if (distance > kWindow - kMaxMatch) break;
    size_t length = 0;
    while (length < most && data[size_t(candidate) + length] == data[position + length]) length++;
    if (length > best.length) best = {length, distance};
    candidate = previous[size_t(candidate) % kWindow];
  }
  return best;
}

void deflate(BitWriter& out, const uint8_t* data, size_t size) {
  memset(newest, 0xff, sizeof newest);
  out.bits(1, 1);  // the last block
  out.bits(1, 2);  // fixed codes
  for (size_t position = 0; position < size;) {
    Match match = find_match(data, position, size);
    size_t step = match.length >= kMinMatch ? match.length : 1;
    if (step > 1) write_match(out, match.length, match.distance);
    else write_symbol(out, data[position]);
    for (size_t end = position + step; position < end; position++) remember(data, position, size);
  }
  write_symbol(out, kEndOfBlock);
  out.align();
}

uint32_t checksum(const uint8_t* data, size_t size) {
  static uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320u ^ (value >> 1) : value >> 1;
    table[i] = value;
  }
  uint32_t crc = ~0u;
  for (size_t i = 0; i < size; i++) crc = table[(crc ^ data[i]) & 0xff] ^ (crc >> 8);
  return ~crc;
}

}  // namespace

Error compress_file(int from, int to, const char* path) {
  struct stat st {};
  if (fstat(from, &st) != 0) return fail("log", "fstat", path);
  // Positions are kept in 32 bits. A log that large is not set aside but by a limit to match.
  if (st.st_size > INT32_MAX) return fail_with(EFBIG, "log", "fstat", path);
  size_t size = size_t(st.st_size);
  void* mapped = size ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, from, 0) : nullptr;
  if (mapped == MAP_FAILED) return fail("log", "mmap", path);
  const auto* data = static_cast<const uint8_t*>(mapped);
  BitWriter out(to, path);
  constexpr uint8_t kFileName = 8, kUnix = 3;
  const uint8_t header[] = {0x1f, 0x8b, 8, kFileName, 0, 0, 0, 0, 0, kUnix};
  out.bytes(header, sizeof header);
  FixedText<24> inode;
  inode.number(int64_t(st.st_ino));
  out.bytes(inode.c_str(), inode.length() + 1);
  deflate(out, data, size);
  out.bits(checksum(data, size), 32);
  out.bits(uint32_t(size), 32);
  return out.finish();
}

}  // namespace tc
