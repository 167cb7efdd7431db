// RFC 4648 base64 with padding, as Buffer.toString('base64') writes it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tc {

// `out` needs room for length / 4 * 3 bytes. False if the text is not canonical base64.
bool decode_base64(const char* text, size_t length, uint8_t* out, size_t* out_length);

}  // namespace tc
