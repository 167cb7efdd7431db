// Header blocks of tar: numbers, check sum, the fields of v7, ustar, star and GNU.
#include <cstring>

#include "tar_entry.h"

namespace tc {

namespace {

// Offsets and lengths of the fields (POSIX.1-2017 pax, "ustar Interchange Format").
struct Field {
  size_t offset;
  size_t length;
};
constexpr Field name_field{0, 100}, mode_field{100, 8}, uid_field{108, 8}, gid_field{116, 8}, size_field{124, 12},
    mtime_field{136, 12}, checksum_field{148, 8}, link_field{157, 100}, major_field{329, 8}, minor_field{337, 8},
    prefix_field{345, 155};
constexpr size_t type_offset = 156, magic_offset = 257, star_trailer_offset = 508;
constexpr size_t star_prefix_length = 131;

std::string_view text_of(const uint8_t* block, Field field) {
  auto* text = reinterpret_cast<const char*>(block + field.offset);
  return {text, strnlen(text, field.length)};
}

const char* number_of(const uint8_t* block, Field field, uint64_t* value) {
  return parse_tar_number(block + field.offset, field.length, value);
}

bool has_valid_checksum(const uint8_t* block) {
  uint64_t stated;
  if (number_of(block, checksum_field, &stated)) return false;
  // Some old writers summed signed characters.
  int64_t plain = 0, with_sign = 0;
  for (size_t i = 0; i < tar_block; i++) {
    bool inside = i >= checksum_field.offset && i < checksum_field.offset + checksum_field.length;
    uint8_t byte = inside ? ' ' : block[i];
    plain += byte;
    with_sign += static_cast<int8_t>(byte);
  }
  return static_cast<int64_t>(stated) == plain || static_cast<int64_t>(stated) == with_sign;
}

const char* parse_base256(const uint8_t* field, size_t length, uint64_t* value) {
  if (field[0] & 0x40) return "a number is negative";
  uint64_t result = field[0] & 0x3f;
  for (size_t i = 1; i < length; i++) {
    if (result >> 55) return "a number is too large";
    result = result << 8 | field[i];
  }
  *value = result;
  return nullptr;
}

const char* parse_prefix(const uint8_t* block, TarEntry* entry) {
  bool is_ustar = memcmp(block + magic_offset, "ustar\0", 6) == 0;
  if (!is_ustar) return nullptr;
  bool is_star = memcmp(block + star_trailer_offset, "tar\0", 4) == 0;
  std::string_view prefix =
      text_of(block, {prefix_field.offset, is_star ? star_prefix_length : prefix_field.length});
  if (!prefix.empty()) entry->name = std::string(prefix) + "/" + entry->name;
  return nullptr;
}

const char* parse_ids(const uint8_t* block, TarEntry* entry) {
  uint64_t uid, gid, mode;
  const char* reason = number_of(block, uid_field, &uid);
  if (!reason) reason = number_of(block, gid_field, &gid);
  if (!reason) reason = number_of(block, mode_field, &mode);
  if (reason) return reason;
  // 2^32-1 is "no id" for chown(2).
  if (uid >= UINT32_MAX || gid >= UINT32_MAX) return "a user or group id is too large";
  entry->uid = static_cast<uint32_t>(uid);
  entry->gid = static_cast<uint32_t>(gid);
  entry->mode = static_cast<uint32_t>(mode & 07777);
  return nullptr;
}

const char* parse_device(const uint8_t* block, TarEntry* entry) {
  if (entry->type != '3' && entry->type != '4') return nullptr;
  uint64_t major, minor;
  const char* reason = number_of(block, major_field, &major);
  if (!reason) reason = number_of(block, minor_field, &minor);
  if (reason) return reason;
  if (major > 0xfff || minor > 0xfffff) return "a device number is too large";
  entry->major = static_cast<uint32_t>(major);
  entry->minor = static_cast<uint32_t>(minor);
  return nullptr;
}

}  // namespace

const char* parse_tar_number(const uint8_t* field, size_t length, uint64_t* value) {
  if (field[0] & 0x80) return parse_base256(field, length, value);
  size_t at = 0;
  while (at < length && (field[at] == ' ' || field[at] == '\0')) at++;
  uint64_t result = 0;
  while (at < length && field[at] >= '0' && field[at] <= '7') {
    if (result >> 60) return "a number is too large";
    result = result << 3 | static_cast<uint64_t>(field[at++] - '0');
  }
  while (at < length && (field[at] == ' ' || field[at] == '\0')) at++;
  if (at < length) return "a number is not octal";
  *value = result;
  return nullptr;
}

const char* parse_tar_header(const uint8_t* block, TarEntry* entry) {
  if (!has_valid_checksum(block)) return "the check sum of a header is wrong";
  *entry = TarEntry{};
  entry->name = text_of(block, name_field);
  entry->link = text_of(block, link_field);
  entry->type = static_cast<char>(block[type_offset]);
  uint64_t mtime = 0;
  const char* reason = parse_ids(block, entry);
  if (!reason) reason = number_of(block, size_field, &entry->size);
  // A time before 1970 has no meaning in an image; the epoch stands for it.
  if (!reason && number_of(block, mtime_field, &mtime)) mtime = 0;
  if (!reason) reason = parse_device(block, entry);
  if (!reason) reason = parse_prefix(block, entry);
  if (reason) return reason;
  if (entry->size > INT64_MAX - tar_block) return "a size is too large";
  entry->mtime = mtime > INT64_MAX ? 0 : static_cast<int64_t>(mtime);
  if (entry->type == '7') entry->type = '0';
  return nullptr;
}

const char* parse_gnu_extents(const uint8_t* pairs, size_t count, std::vector<Extent>* extents) {
  constexpr size_t width = 12;
  for (size_t i = 0; i < count; i++, pairs += 2 * width) {
    if (pairs[0] == '\0') return nullptr;
    Extent extent;
    const char* reason = parse_tar_number(pairs, width, &extent.offset);
    if (!reason) reason = parse_tar_number(pairs + width, width, &extent.length);
    if (reason) return reason;
    extents->push_back(extent);
  }
  return nullptr;
}

const char* check_extents(const TarEntry& entry) {
  uint64_t end = 0, total = 0;
  for (const Extent& extent : entry.extents) {
    if (extent.offset < end || extent.offset > entry.real_size) return "a sparse map is out of order";
    if (extent.length > entry.real_size - extent.offset) return "a sparse map reaches beyond its file";
    end = extent.offset + extent.length;
    total += extent.length;
  }
  if (entry.real_size > INT64_MAX) return "a size is too large";
  return total == entry.size ? nullptr : "a sparse map does not fit its content";
}

bool is_zero_block(const uint8_t* block) {
  for (size_t i = 0; i < tar_block; i++) {
    if (block[i]) return false;
  }
  return true;
}

}  // namespace tc
