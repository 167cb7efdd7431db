// JsonWriter, and the one place that escapes text for JSON.
#include "json_writer.h"

namespace tc {

namespace {

// Length of the UTF-8 sequence at `text`, 0 if there is none.
size_t utf8_length(const unsigned char* text, size_t room) {
  unsigned char lead = text[0];
  size_t count = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (count > room) return 0;
  for (size_t i = 1; i < count; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  if (count > 2) {
    bool overlong = (lead == 0xe0 && text[1] < 0xa0) || (lead == 0xf0 && text[1] < 0x90);
    bool outside = (lead == 0xed && text[1] > 0x9f) || (lead == 0xf4 && text[1] > 0x8f);
    if (overlong || outside) return 0;
  }
  return count;
}

void escape_ascii(Text& out, unsigned char c, JsonEscape style) {
  static const char kHex[] = "0123456789abcdef";
  bool html = style == JsonEscape::Html && (c == '<' || c == '>' || c == '&');
  if (c == '"' || c == '\\') {
    out.add('\\').add(char(c));
  } else if (c == '\n') {
    out.add("\\n");
  } else if (c == '\r') {
    out.add("\\r");
  } else if (c == '\t') {
    out.add("\\t");
  } else if (c < 0x20 || html) {
    out.add("\\u00").add(kHex[c >> 4]).add(kHex[c & 15]);
  } else {
    out.add(char(c));
  }
}

}  // namespace

void escape_json(Text& out, const char* text, size_t length, JsonEscape style) {
  for (size_t i = 0; i < length;) {
    const unsigned char* at = reinterpret_cast<const unsigned char*>(text + i);
    size_t count = utf8_length(at, length - i);
    if (count == 1) {
      escape_ascii(out, *at, style);
    } else if (count == 0) {
      out.add("\\ufffd");
      count = 1;
    } else if (style == JsonEscape::Html && count == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] | 1) == 0xa9) {
      out.add(at[2] == 0xa8 ? "\\u2028" : "\\u2029");
    } else {
      out.add(text + i, count);
    }
    i += count;
  }
}

JsonWriter& JsonWriter::string(const char* key, const char* value, size_t length) {
  prefix(key);
  out_.add('"');
  escape_json(out_, value, length, JsonEscape::Plain);
  out_.add('"');
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::number(const char* key, int64_t value) {
  prefix(key);
  out_.number(value);
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::boolean(const char* key, bool value) {
  prefix(key);
  out_.add(value ? "true" : "false");
  needs_comma_ = true;
  return *this;
}

void JsonWriter::prefix(const char* key) {
  if (needs_comma_) out_.add(',');
  if (!key) return;
  out_.add('"').add(key).add("\":");
}

JsonWriter& JsonWriter::open(const char* key, char bracket) {
  prefix(key);
  out_.add(bracket);
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_.add(bracket);
  needs_comma_ = true;
  return *this;
}

}  // namespace tc
