// A strict JSON reader (RFC 8259) for the files and messages of the runtime protocol. Stricter than the standard where
// a C string or a decision hangs on it: no NUL in strings, no invalid UTF-8, no member twice, bounded depth.
#pragma once
#include <cstddef>
#include <cstdint>

#include "arena.h"
#include "error.h"

namespace tc {

enum class JsonType : uint8_t { Null, Boolean, Number, String, Array, Object };

struct Json {
  JsonType type = JsonType::Null;
  bool boolean = false;
  bool is_integer = false;  // of a Number: fits int64 and has neither fraction nor exponent
  bool is_huge = false;     // of a Number: a whole positive number that does not fit int64
  int64_t integer = 0;
  const char* string = nullptr;  // NUL-terminated
  size_t length = 0;             // of the string, or the number of children
  const char* key = nullptr;     // as a member of an object
  const Json* first = nullptr;   // first child of an array or object
  const Json* next = nullptr;    // next sibling

  // The member of that name, or null; null on anything that is not an object.
  const Json* member(const char* name) const;
};

// Parses one document of at most 64 levels. The tree lives in the arena. errno EBADMSG; path carries the byte offset.
Error parse_json(const char* text, size_t length, Arena& arena, const Json** root);

}  // namespace tc
