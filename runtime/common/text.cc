// Text: appending and numbers.
#include "text.h"

namespace tc {

Text& Text::add(const char* text, size_t length) {
  size_t room = size_ ? size_ - 1 - length_ : 0;
  if (length > room) {
    length = room;
    overflowed_ = true;
  }
  if (length) memcpy(data_ + length_, text, length);
  length_ += length;
  if (size_) data_[length_] = '\0';
  return *this;
}

Text& Text::number(int64_t value) {
  if (value < 0) add('-');
  return padded(value < 0 ? uint64_t(0) - uint64_t(value) : uint64_t(value), 1);
}

Text& Text::padded(uint64_t value, int digits) {
  char reversed[20];
  int count = 0;
  do {
    reversed[count++] = char('0' + value % 10);
    value /= 10;
  } while (value);
  for (int i = count; i < digits; i++) add('0');
  while (count) add(reversed[--count]);
  return *this;
}

bool parse_unsigned(const char* text, size_t length, uint64_t max, uint64_t* value) {
  if (length == 0 || length > 20) return false;
  uint64_t result = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    uint64_t digit = uint64_t(text[i] - '0');
    if (result > (max - digit) / 10 || digit > max) return false;
    result = result * 10 + digit;
  }
  *value = result;
  return true;
}

}  // namespace tc
