// Reads members of a JSON tree into plain values. The first mismatch sticks: callers read on and check once at the end.
#pragma once
#include "../common/json.h"
#include "../common/text.h"
#include "spec.h"

namespace tc {

class Decoder {
 public:
  // `document` names the source in errors. Strings are copied into `arena`.
  Decoder(const char* document, Arena& arena) : arena_(arena) { where_.add(document).add(": "); }
  Decoder(const Decoder&) = delete;

  const char* string(const Json* object, const char* name);           // required
  const char* optional_string(const Json* object, const char* name);  // null if absent
  const char* absolute_path(const Json* object, const char* name);    // required, starts with "/"
  bool boolean(const Json* object, const char* name, bool otherwise);
  // Required; an integer in [low, high].
  int64_t integer(const Json* object, const char* name, int64_t low, int64_t high);
  int64_t optional_integer(const Json* object, const char* name, int64_t low, int64_t high, int64_t otherwise);
  const Json* object(const Json* parent, const char* name);           // required
  const Json* optional_object(const Json* parent, const char* name);  // null if absent
  List<const char*> strings(const Json* object, const char* name);    // absent: empty
  // Index of the value among `words`, a null-terminated array.
  int word(const Json* object, const char* name, const char* const* words);

  // An array of objects, each read by `read(const Json*, T*)`. Absent: empty.
  template <typename T, typename Read>
  List<T> list(const Json* parent, const char* name, Read read) {
    const Json* array = find(parent, name, JsonType::Array, false);
    if (!array || array->length == 0) return {};
    T* items = arena_.make<T>(array->length);
    size_t i = 0;
    for (const Json* child = array->first; child; child = child->next, i++) {
      if (child->type != JsonType::Object) refuse(name);
      read(child, &items[i]);
      if (error_) return {};
    }
    return {items, array->length};
  }

  void refuse(const char* name, const char* why = "");
  const Error& error() const { return error_; }
  Arena& arena() { return arena_; }

 private:
  const Json* find(const Json* object, const char* name, JsonType type, bool required);

  Arena& arena_;
  FixedText<200> where_;
  Error error_;
};

}  // namespace tc
