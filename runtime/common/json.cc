// Recursive descent over bytes in memory; depth is bounded, so the stack is too.
#include "json.h"

#include "text.h"

namespace tc {

namespace {

constexpr int kMaxDepth = 64;

class Parser {
 public:
  Parser(const char* text, size_t length, Arena& arena) : start_(text), at_(text), end_(text + length), arena_(arena) {}

  bool document(const Json** root) {
    Json* value = arena_.make<Json>();
    skip_space();
    if (!parse_value(value, 0)) return false;
    skip_space();
    *root = value;
    return at_ == end_;
  }
  size_t offset() const { return size_t(at_ - start_); }

 private:
  void skip_space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) at_++;
  }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    at_++;
    return true;
  }
  bool literal(const char* word) {
    size_t length = strlen(word);
    if (size_t(end_ - at_) < length || memcmp(at_, word, length) != 0) return false;
    at_ += length;
    return true;
  }

  bool parse_value(Json* value, int depth) {
    if (at_ == end_ || depth > kMaxDepth) return false;
    switch (*at_) {
      case '{':
        return parse_children(value, depth, '}', JsonType::Object);
      case '[':
        return parse_children(value, depth, ']', JsonType::Array);
      case '"':
        value->type = JsonType::String;
        return parse_string(&value->string, &value->length);
      case 't':
        value->type = JsonType::Boolean;
        value->boolean = true;
        return literal("true");
      case 'f':
        value->type = JsonType::Boolean;
        return literal("false");
      case 'n':
        return literal("null");
      default:
        return parse_number(value);
    }
  }

  bool parse_children(Json* parent, int depth, char close, JsonType type) {
    parent->type = type;
    at_++;
    skip_space();
    if (take(close)) return true;
    const Json** link = &parent->first;
    for (;;) {
      Json* child = arena_.make<Json>();
      if (type == JsonType::Object && !parse_key(parent, child)) return false;
      skip_space();
      if (!parse_value(child, depth + 1)) return false;
      *link = child;
      link = &child->next;
      parent->length++;
      skip_space();
      if (take(close)) return true;
      if (!take(',')) return false;
      skip_space();
    }
  }

  bool parse_key(const Json* object, Json* child) {
    size_t length = 0;
    if (at_ == end_ || *at_ != '"' || !parse_string(&child->key, &length)) return false;
    if (object->member(child->key)) return false;
    skip_space();
    return take(':');
  }

  bool parse_number(Json* value) {
    value->type = JsonType::Number;
    bool negative = take('-');
    const char* digits = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') at_++;
    size_t count = size_t(at_ - digits);
    if (count == 0 || (count > 1 && *digits == '0')) return false;
    bool whole = true;
    if (take('.')) {
      whole = false;
      if (!skip_digits()) return false;
    }
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
      whole = false;
      at_++;
      if (!take('+')) take('-');
      if (!skip_digits()) return false;
    }
    uint64_t magnitude = 0;
    value->is_integer = whole && parse_unsigned(digits, count, INT64_MAX, &magnitude);
    value->is_huge = whole && !negative && !value->is_integer;
    value->integer = negative ? -int64_t(magnitude) : int64_t(magnitude);
    return true;
  }
  bool skip_digits() {
    const char* from = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') at_++;
    return at_ > from;
  }

  // A decoded string is never longer than its spelling.
  bool parse_string(const char** result, size_t* length) {
    const char* closing = at_ + 1;
    bool is_plain = true;
    while (closing < end_ && *closing != '"') {
      is_plain = is_plain && *closing >= 0x20 && *closing < 0x7f && *closing != '\\';
      closing += *closing == '\\' ? 2 : 1;
    }
    if (closing >= end_) return false;
    if (is_plain) {
      *length = size_t(closing - at_ - 1);
      *result = arena_.copy(at_ + 1, *length);
      at_ = closing + 1;
      return true;
    }
    char* out = static_cast<char*>(arena_.allocate(size_t(closing - at_)));
    *result = out;
    at_++;
    while (at_ < closing) {
      if (*at_ == '\\' ? !parse_escape(&out) : !copy_utf8(&out)) return false;
    }
    at_++;
    *out = '\0';
    *length = size_t(out - *result);
    return true;
  }

  bool copy_utf8(char** out) {
    unsigned char lead = static_cast<unsigned char>(*at_);
    if (lead < 0x20) return false;
    int count = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead >= 0x80 && (lead < 0xc2 || lead > 0xf4)) return false;
    if (end_ - at_ < count) return false;
    for (int i = 1; i < count; i++) {
      if ((static_cast<unsigned char>(at_[i]) & 0xc0) != 0x80) return false;
    }
    unsigned char second = count > 1 ? static_cast<unsigned char>(at_[1]) : 0;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return false;  // overlong, surrogate
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return false;  // overlong, above 10FFFF
    for (int i = 0; i < count; i++) *(*out)++ = *at_++;
    return true;
  }

  bool parse_escape(char** out) {
    static const char kNames[] = "\"\\/bfnrt";
    static const char kValues[] = "\"\\/\b\f\n\r\t";
    at_++;
    if (at_ == end_) return false;
    if (*at_ == 'u') {
      at_++;
      return parse_code_point(out);
    }
    const char* name = static_cast<const char*>(memchr(kNames, *at_, sizeof kNames - 1));
    if (!name) return false;
    *(*out)++ = kValues[name - kNames];
    at_++;
    return true;
  }

  bool parse_code_point(char** out) {
    uint32_t code = 0;
    if (!hex4(&code) || code == 0 || (code >= 0xdc00 && code <= 0xdfff)) return false;
    if (code >= 0xd800 && code <= 0xdbff) {
      uint32_t low = 0;
      if (!take('\\') || !take('u') || !hex4(&low) || low < 0xdc00 || low > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code < 0x80) {
      *(*out)++ = char(code);
      return true;
    }
    int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char kLead[] = {0, 0xc0, 0xe0, 0xf0};
    *(*out)++ = char(kLead[tail] | (code >> (6 * tail)));
    while (tail--) *(*out)++ = char(0x80 | ((code >> (6 * tail)) & 0x3f));
    return true;
  }

  bool hex4(uint32_t* code) {
    if (end_ - at_ < 4) return false;
    for (int i = 0; i < 4; i++) {
      char c = *at_++;
      char lower = char(c | 0x20);
      if (c >= '0' && c <= '9') {
        *code = *code * 16 + uint32_t(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        *code = *code * 16 + uint32_t(lower - 'a' + 10);
      } else {
        return false;
      }
    }
    return true;
  }

  const char* start_;
  const char* at_;
  const char* end_;
  Arena& arena_;
};

}  // namespace

const Json* Json::member(const char* name) const {
  if (type != JsonType::Object) return nullptr;
  for (const Json* child = first; child; child = child->next) {
    if (strcmp(child->key, name) == 0) return child;
  }
  return nullptr;
}

Error parse_json(const char* text, size_t length, Arena& arena, const Json** root) {
  Parser parser(text, length, arena);
  if (parser.document(root)) return {};
  FixedText<48> where;
  where.add("byte ").number(int64_t(parser.offset()));
  return fail_with(EBADMSG, "parse", "json", where.c_str());
}

}  // namespace tc
