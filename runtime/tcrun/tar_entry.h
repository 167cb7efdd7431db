// One entry of a tar stream, and the pure functions that make it from header blocks and extension records. Where
// dialects disagree they read as Go's archive/tar does, because that is what most layers were written and checked with:
// two readers that see different files in the same bytes are a security hole.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tc {

constexpr size_t tar_block = 512;

struct Xattr {
  std::string name;
  std::string value;
};

struct Extent {
  uint64_t offset;
  uint64_t length;
};

struct TarEntry {
  char type = 0;  // '0' file, '1' hard link, '2' symlink, '3' char, '4' block, '5' directory, '6' fifo, others raw
  std::string name;
  std::string link;
  uint64_t size = 0;  // bytes of content in the stream
  uint32_t mode = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  int64_t mtime = 0;
  uint32_t mtime_nsec = 0;
  uint32_t major = 0;
  uint32_t minor = 0;
  std::vector<Xattr> xattrs;
  bool sparse = false;
  std::vector<Extent> extents;
  uint64_t real_size = 0;  // of a sparse file
};

// What PAX records and GNU long names say about the entry that follows them.
struct TarExtension {
  bool present = false;  // an entry must follow
  std::string path, link;          // PAX; empty: not given
  std::string gnu_path, gnu_link;  // these win
  bool has_size = false, has_uid = false, has_gid = false, has_mtime = false;
  uint64_t size = 0;
  uint32_t uid = 0, gid = 0;
  int64_t mtime = 0;
  uint32_t mtime_nsec = 0;
  std::vector<Xattr> xattrs;
  // GNU.sparse.*: version 0 has its map in the records, version 1 in the content.
  int sparse_major = -1;
  std::string sparse_name;
  uint64_t sparse_real_size = 0;
  std::vector<uint64_t> sparse_numbers;  // offset, length, offset, length, ...
};

// All of these return null, or the reason why the archive is malformed (a string literal).

// Octal, or base-256 when the top bit of the first byte is set; negative numbers are refused.
const char* parse_tar_number(const uint8_t* field, size_t length, uint64_t* value);
const char* parse_tar_header(const uint8_t* block, TarEntry* entry);
const char* parse_pax_records(std::string_view text, TarExtension* extension);
const char* apply_extension(const TarExtension& extension, TarEntry* entry);
// Appends the extents of a GNU sparse header (`count` pairs of 12 bytes); an empty pair ends the list.
const char* parse_gnu_extents(const uint8_t* pairs, size_t count, std::vector<Extent>* extents);
// Ascending, apart, within the real size, and as long together as the content.
const char* check_extents(const TarEntry& entry);

bool is_zero_block(const uint8_t* block);

}  // namespace tc
