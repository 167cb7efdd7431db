// Decoder.
#include "decoder.h"

namespace tc {

void Decoder::refuse(const char* name, const char* why) {
  if (error_) return;
  where_.add(name);
  error_ = explain(fail_with(EPROTO, "spec", "parse", where_.c_str()), why);
}

const Json* Decoder::find(const Json* object, const char* name, JsonType type, bool required) {
  const Json* value = object ? object->member(name) : nullptr;
  if (!value || value->type == JsonType::Null) {
    if (required) refuse(name, "missing");
    return nullptr;
  }
  if (value->type == type) return value;
  refuse(name, "has the wrong type");
  return nullptr;
}

const char* Decoder::string(const Json* object, const char* name) {
  const Json* value = find(object, name, JsonType::String, true);
  return value ? arena_.copy(value->string, value->length) : "";
}

const char* Decoder::optional_string(const Json* object, const char* name) {
  const Json* value = find(object, name, JsonType::String, false);
  return value ? arena_.copy(value->string, value->length) : nullptr;
}

const char* Decoder::absolute_path(const Json* object, const char* name) {
  const char* path = string(object, name);
  if (*path != '/') refuse(name, "is not an absolute path");
  return path;
}

bool Decoder::boolean(const Json* object, const char* name, bool otherwise) {
  const Json* value = find(object, name, JsonType::Boolean, false);
  return value ? value->boolean : otherwise;
}

int64_t Decoder::integer(const Json* object, const char* name, int64_t low, int64_t high) {
  const Json* value = find(object, name, JsonType::Number, true);
  if (!value) return low;
  if (!value->is_integer || value->integer < low || value->integer > high) {
    refuse(name, "is out of range");
    return low;
  }
  return value->integer;
}

int64_t Decoder::optional_integer(const Json* object, const char* name, int64_t low, int64_t high, int64_t otherwise) {
  const Json* value = object ? object->member(name) : nullptr;
  if (!value || value->type == JsonType::Null) return otherwise;
  return integer(object, name, low, high);
}

const Json* Decoder::object(const Json* parent, const char* name) { return find(parent, name, JsonType::Object, true); }

const Json* Decoder::optional_object(const Json* parent, const char* name) {
  return find(parent, name, JsonType::Object, false);
}

List<const char*> Decoder::strings(const Json* object, const char* name) {
  const Json* array = find(object, name, JsonType::Array, false);
  if (!array || array->length == 0) return {};
  const char** items = arena_.make<const char*>(array->length);
  size_t i = 0;
  for (const Json* child = array->first; child; child = child->next) {
    if (child->type != JsonType::String) {
      refuse(name, "has an element that is not a string");
      return {};
    }
    items[i++] = arena_.copy(child->string, child->length);
  }
  return {items, i};
}

int Decoder::word(const Json* object, const char* name, const char* const* words) {
  const Json* value = find(object, name, JsonType::String, true);
  for (int i = 0; value && words[i]; i++) {
    if (strcmp(value->string, words[i]) == 0) return i;
  }
  if (value) refuse(name, "has an unknown value");
  return 0;
}

}  // namespace tc
