// Text built without stdio, which would cost a static process its buffers and locale tables.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tc {

// Appends to memory that somebody else owns. Always NUL-terminated; what does not fit is cut and `overflowed` says so.
class Text {
 public:
  Text(char* memory, size_t size) : data_(memory), size_(size) { clear(); }
  template <size_t N>
  explicit Text(char (&memory)[N]) : Text(memory, N) {}

  Text& add(const char* text) { return add(text, strlen(text)); }
  Text& add(const char* text, size_t length);
  Text& add(char c) { return add(&c, 1); }
  Text& number(int64_t value);
  Text& padded(uint64_t value, int digits);

  void clear() {
    length_ = 0;
    overflowed_ = false;
    if (size_) data_[0] = '\0';
  }
  const char* c_str() const { return data_; }
  size_t length() const { return length_; }
  bool overflowed() const { return overflowed_; }

 private:
  char* data_;
  size_t size_;
  size_t length_ = 0;
  bool overflowed_ = false;
};

// A Text with its own memory, for paths and messages.
template <size_t N>
class FixedText : public Text {
 public:
  FixedText() : Text(memory_, N) {}
  FixedText(const FixedText&) = delete;
  FixedText& operator=(const FixedText&) = delete;

 private:
  char memory_[N];
};

using Path = FixedText<4096>;

// Decimal digits only, no sign, no space, at most `max`.
bool parse_unsigned(const char* text, size_t length, uint64_t max, uint64_t* value);

}  // namespace tc
