// Compact JSON into a Text. The caller nests correctly; commas are the writer's business.
#pragma once
#include "text.h"

namespace tc {

enum class JsonEscape : uint8_t {
  Plain,
  Html,  // as Go's encoding/json does by default: also < > & U+2028 U+2029
};

// The inside of a JSON string. Bytes that are not UTF-8 become U+FFFD, one each.
void escape_json(Text& out, const char* text, size_t length, JsonEscape style);

class JsonWriter {
 public:
  explicit JsonWriter(Text& out) : out_(out) {}

  JsonWriter& begin_object(const char* key = nullptr) { return open(key, '{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array(const char* key = nullptr) { return open(key, '['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& string(const char* key, const char* value) { return string(key, value, strlen(value)); }
  JsonWriter& string(const char* key, const char* value, size_t length);
  JsonWriter& number(const char* key, int64_t value);
  JsonWriter& boolean(const char* key, bool value);

 private:
  void prefix(const char* key);
  JsonWriter& open(const char* key, char bracket);
  JsonWriter& close(char bracket);

  Text& out_;
  bool needs_comma_ = false;
};

}  // namespace tc
