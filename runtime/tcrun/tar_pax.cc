// PAX extended header records: "<length> <key>=<value>\n", length in decimal and including itself.
#include <charconv>

#include "tar_entry.h"

namespace tc {

namespace {

constexpr size_t most_sparse_numbers = 2 * 1000 * 1000;
constexpr size_t most_xattrs = 1000;

bool parse_decimal(std::string_view text, uint64_t* value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

const char* parse_id(std::string_view text, uint32_t* id, bool* has) {
  uint64_t value;
  if (!parse_decimal(text, &value)) return "a PAX user or group id is not a number";
  if (value >= UINT32_MAX) return "a user or group id is too large";
  *id = static_cast<uint32_t>(value);
  *has = true;
  return nullptr;
}

// "1350244992.023960108"; digits beyond nanoseconds are cut off, times before 1970 become it.
const char* parse_time(std::string_view text, TarExtension* extension) {
  extension->has_mtime = true;
  if (text.starts_with('-')) {
    extension->mtime = 0;
    extension->mtime_nsec = 0;
    return nullptr;
  }
  size_t dot = text.find('.');
  uint64_t seconds;
  if (!parse_decimal(text.substr(0, dot), &seconds) || seconds > INT64_MAX) return "a PAX time is not a number";
  uint32_t nanoseconds = 0;
  std::string_view fraction = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  for (size_t i = 0; i < 9; i++) {
    char digit = i < fraction.size() ? fraction[i] : '0';
    if (digit < '0' || digit > '9') return "a PAX time is not a number";
    nanoseconds = nanoseconds * 10 + static_cast<uint32_t>(digit - '0');
  }
  extension->mtime = static_cast<int64_t>(seconds);
  extension->mtime_nsec = nanoseconds;
  return nullptr;
}

const char* parse_sparse_list(std::string_view text, std::vector<uint64_t>* numbers) {
  while (!text.empty()) {
    size_t comma = text.find(',');
    uint64_t number;
    if (!parse_decimal(text.substr(0, comma), &number)) return "a PAX sparse map is not a list of numbers";
    if (numbers->size() >= most_sparse_numbers) return "a sparse map is too long";
    numbers->push_back(number);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return nullptr;
}

const char* parse_sparse_record(std::string_view key, std::string_view value, TarExtension* extension) {
  uint64_t number = 0;
  if (key == "name") {
    extension->sparse_name = value;
    return nullptr;
  }
  if (extension->sparse_major < 0) extension->sparse_major = 0;
  if (key == "map") return parse_sparse_list(value, &extension->sparse_numbers);
  if (!parse_decimal(value, &number)) return "a PAX sparse record is not a number";
  if (key == "major") extension->sparse_major = number > 1 ? 2 : static_cast<int>(number);
  if (key == "size" || key == "realsize") extension->sparse_real_size = number;
  if (key == "offset" || key == "numbytes") {
    // The two alternate, one pair for each extent.
    if ((extension->sparse_numbers.size() % 2 == 0) != (key == "offset")) return "a sparse map is out of order";
    if (extension->sparse_numbers.size() >= most_sparse_numbers) return "a sparse map is too long";
    extension->sparse_numbers.push_back(number);
  }
  return nullptr;
}

const char* parse_path(std::string_view value, std::string* path) {
  if (value.find('\0') != std::string_view::npos) return "a PAX path holds a zero byte";
  *path = value;
  return nullptr;
}

const char* parse_record(std::string_view key, std::string_view value, TarExtension* extension) {
  constexpr std::string_view xattr = "SCHILY.xattr.", sparse = "GNU.sparse.";
  if (key == "path") return parse_path(value, &extension->path);
  if (key == "linkpath") return parse_path(value, &extension->link);
  if (key == "uid") return parse_id(value, &extension->uid, &extension->has_uid);
  if (key == "gid") return parse_id(value, &extension->gid, &extension->has_gid);
  if (key == "mtime") return parse_time(value, extension);
  if (key == "size") {
    if (!parse_decimal(value, &extension->size)) return "a PAX size is not a number";
    extension->has_size = true;
    return nullptr;
  }
  if (key.starts_with(sparse)) return parse_sparse_record(key.substr(sparse.size()), value, extension);
  if (!key.starts_with(xattr)) return nullptr;
  if (extension->xattrs.size() >= most_xattrs) return "an entry has too many extended attributes";
  extension->xattrs.push_back({std::string(key.substr(xattr.size())), std::string(value)});
  return nullptr;
}

const char* apply_sparse(const TarExtension& extension, TarEntry* entry) {
  if (extension.sparse_major < 0 || entry->type != '0') return nullptr;
  if (extension.sparse_major > 1) return "a sparse map has an unknown version";
  entry->sparse = true;
  entry->real_size = extension.sparse_real_size;
  if (!extension.sparse_name.empty()) entry->name = extension.sparse_name;
  if (extension.sparse_numbers.size() % 2) return "a sparse map is out of order";
  for (size_t i = 0; i < extension.sparse_numbers.size(); i += 2) {
    entry->extents.push_back({extension.sparse_numbers[i], extension.sparse_numbers[i + 1]});
  }
  return nullptr;
}

}  // namespace

const char* parse_pax_records(std::string_view text, TarExtension* extension) {
  constexpr const char* malformed = "a PAX record is malformed";
  while (!text.empty()) {
    size_t space = text.find(' ');
    uint64_t length;
    if (space == std::string_view::npos || !parse_decimal(text.substr(0, space), &length)) return malformed;
    if (length > text.size() || length < space + 3 || text[length - 1] != '\n') return malformed;
    std::string_view record = text.substr(space + 1, length - space - 2);
    size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) return malformed;
    const char* reason = parse_record(record.substr(0, equals), record.substr(equals + 1), extension);
    if (reason) return reason;
    text.remove_prefix(length);
  }
  return nullptr;
}

const char* apply_extension(const TarExtension& extension, TarEntry* entry) {
  if (!extension.path.empty()) entry->name = extension.path;
  if (!extension.link.empty()) entry->link = extension.link;
  if (!extension.gnu_path.empty()) entry->name = extension.gnu_path;
  if (!extension.gnu_link.empty()) entry->link = extension.gnu_link;
  if (extension.has_uid) entry->uid = extension.uid;
  if (extension.has_gid) entry->gid = extension.gid;
  if (extension.has_mtime) {
    entry->mtime = extension.mtime;
    entry->mtime_nsec = extension.mtime_nsec;
  }
  if (extension.has_size) entry->size = extension.size;
  entry->xattrs = extension.xattrs;
  // v7 knew directories by their names only.
  if (entry->type == '\0') entry->type = entry->name.ends_with('/') ? '5' : '0';
  // Links, devices, directories and fifos have no content, whatever their size says.
  if (entry->type >= '1' && entry->type <= '6') entry->size = 0;
  if (entry->size > INT64_MAX - tar_block) return "a size is too large";
  return apply_sparse(extension, entry);
}

}  // namespace tc
