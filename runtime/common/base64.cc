// Base64 decoding.
#include "base64.h"

namespace tc {

namespace {
int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}
}  // namespace

bool decode_base64(const char* text, size_t length, uint8_t* out, size_t* out_length) {
  if (length % 4 != 0) return false;
  size_t padding = 0;
  while (padding < 2 && padding < length && text[length - 1 - padding] == '=') padding++;
  size_t produced = 0;
  for (size_t i = 0; i < length; i += 4) {
    uint32_t group = 0;
    for (size_t j = 0; j < 4; j++) {
      bool is_padding = i + j >= length - padding;
      int value = is_padding ? 0 : digit(text[i + j]);
      if (value < 0) return false;
      group = group << 6 | uint32_t(value);
    }
    size_t bytes = i + 4 == length ? 3 - padding : 3;
    if ((group & ((1u << (8 * (3 - bytes))) - 1)) != 0) return false;
    for (size_t j = 0; j < bytes; j++) out[produced++] = uint8_t(group >> (16 - 8 * j));
  }
  *out_length = produced;
  return true;
}

}  // namespace tc
