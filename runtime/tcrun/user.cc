// Reading passwd(5) and group(5) of a stranger: bounded, regular files only, no C library (nss would load their
// modules).
#include "user.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "../common/file.h"
#include "../common/in_root.h"
#include "../common/text.h"

namespace tc {

namespace {

constexpr char kStep[] = "user";
constexpr size_t kMaxFile = 8 << 20;
constexpr uint64_t kMaxId = 0xfffffffe;
constexpr size_t kMaxGroups = 65536;  // NGROUPS_MAX

struct Field {
  const char* text;
  size_t length;
  bool equals(const Field& other) const { return length == other.length && memcmp(text, other.text, length) == 0; }
  bool number(uint32_t* value) const {
    uint64_t wide = 0;
    if (!parse_unsigned(text, length, kMaxId, &wide)) return false;
    *value = uint32_t(wide);
    return true;
  }
};

Field field_of(const char* text) { return {text, strlen(text)}; }

// Splits "a:b:c" lines. Fields past the last are empty.
class Lines {
 public:
  explicit Lines(const Bytes& bytes) : at_(bytes.data), end_(bytes.data + bytes.length) {}
  template <size_t N>
  bool next(Field (&fields)[N]) {
    if (at_ >= end_) return false;
    const char* newline = static_cast<const char*>(memchr(at_, '\n', size_t(end_ - at_)));
    const char* stop = newline ? newline : end_;
    for (size_t i = 0; i < N; i++) {
      const char* colon = i + 1 < N ? static_cast<const char*>(memchr(at_, ':', size_t(stop - at_))) : nullptr;
      const char* close = colon ? colon : stop;
      fields[i] = {at_, size_t(close - at_)};
      at_ = colon ? colon + 1 : stop;
    }
    at_ = newline ? newline + 1 : end_;
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

// A missing file is an empty one; a directory, device or fifo in its place is too.
Error read_database(int root, const char* path, Arena& arena, Bytes* bytes) {
  Fd fd;
  *bytes = {"", 0};
  Error error = open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd);
  error.step = kStep;
  if (error) return error.errnum == ENOENT || error.errnum == ENOTDIR || error.errnum == ENXIO ? Error{} : error;
  struct stat st {};
  if (fstat(fd.get(), &st) != 0) return fail(kStep, "fstat", path);
  if (!S_ISREG(st.st_mode)) return {};
  error = read_all(fd.get(), path, kMaxFile, arena, bytes);
  error.step = kStep;
  return error.errnum == EFBIG ? explain(error, "larger than 8 MiB") : error;
}

Error fail_unknown(const char* kind, const Field& name, const char* file) {
  FixedText<160> detail;
  detail.add("no such ").add(kind).add(" in the image's ").add(file).add(": ").add(name.text, name.length);
  Arena scratch;
  return explain(fail_with(ENOENT, kStep, "lookup", scratch.copy(name.text, name.length)), detail.c_str());
}

struct Account {
  Field name{"", 0};
  uint32_t uid = 0;
  uint32_t gid = 0;
  Field home{"", 0};
  bool found = false;
};

Account find_account(const Bytes& passwd, const Field& wanted) {
  Account account;
  uint32_t number = 0;
  bool is_number = wanted.number(&number);
  Field fields[7];
  for (Lines lines(passwd); lines.next(fields);) {
    uint32_t uid = 0, gid = 0;
    if (!fields[2].number(&uid) || !fields[3].number(&gid)) continue;
    if (is_number ? uid != number : !fields[0].equals(wanted)) continue;
    return {fields[0], uid, gid, fields[5], true};
  }
  if (is_number) account.uid = number;
  return account;
}

class GroupList {
 public:
  explicit GroupList(Arena& arena) : arena_(arena) {}
  void add(uint32_t gid) {
    for (size_t i = 0; i < count_; i++) {
      if (items_[i] == gid) return;
    }
    if (count_ == capacity_) grow();
    if (count_ < kMaxGroups) items_[count_++] = gid;
  }
  List<uint32_t> list() const { return {items_, count_}; }

 private:
  void grow() {
    capacity_ = capacity_ ? capacity_ * 2 : 32;
    uint32_t* bigger = arena_.make<uint32_t>(capacity_);
    if (count_) memcpy(bigger, items_, count_ * sizeof *items_);
    items_ = bigger;
  }
  Arena& arena_;
  uint32_t* items_ = nullptr;
  size_t count_ = 0;
  size_t capacity_ = 0;
};

bool has_member(const Field& members, const Field& name) {
  for (size_t at = 0; at < members.length;) {
    const char* start = members.text + at;
    const char* comma = static_cast<const char*>(memchr(start, ',', members.length - at));
    size_t length = comma ? size_t(comma - start) : members.length - at;
    if (Field{start, length}.equals(name)) return true;
    at += length + 1;
  }
  return false;
}

bool find_group(const Bytes& group, const Field& wanted, uint32_t* gid) {
  if (wanted.number(gid)) return true;
  Field fields[4];
  for (Lines lines(group); lines.next(fields);) {
    if (fields[0].equals(wanted) && fields[2].number(gid)) return true;
  }
  return false;
}

void add_memberships(const Bytes& group, const Field& name, GroupList& groups) {
  Field fields[4];
  uint32_t gid = 0;
  for (Lines lines(group); lines.next(fields);) {
    if (fields[2].number(&gid) && has_member(fields[3], name)) groups.add(gid);
  }
}

Error resolve_named(int root, const char* wanted, const Bytes& group, Arena& scratch, GroupList& groups, User* user,
                    Arena& arena) {
  const char* colon = strchr(wanted, ':');
  Field name{wanted, colon ? size_t(colon - wanted) : strlen(wanted)};
  Field group_name = field_of(colon ? colon + 1 : "");
  bool malformed = name.length == 0 || (colon && (group_name.length == 0 || strchr(colon + 1, ':')));
  if (malformed) return explain(fail_with(EINVAL, kStep, "parse", wanted), "expected user[:group]");
  Bytes passwd;
  Error error = read_database(root, "/etc/passwd", scratch, &passwd);
  if (error) return error;
  Account account = find_account(passwd, name);
  uint32_t number = 0;
  if (!account.found && !name.number(&number)) return fail_unknown("user", name, "/etc/passwd");
  user->uid = account.uid;
  user->gid = account.gid;
  if (account.found && account.home.length) user->home = arena.copy(account.home.text, account.home.length);
  if (colon) {
    if (!find_group(group, group_name, &user->gid)) return fail_unknown("group", group_name, "/etc/group");
    groups.add(user->gid);
    return {};
  }
  groups.add(user->gid);
  if (account.found) add_memberships(group, account.name, groups);
  return {};
}

}  // namespace

Error resolve_user(int root, const char* wanted, const ProcessSpec& process, List<const char*> group_add, Arena& arena,
                   User* user) {
  Arena scratch;
  Bytes group{"", 0};
  GroupList groups(arena);
  Error error;
  if (wanted || group_add.count) error = read_database(root, "/etc/group", scratch, &group);
  if (error) return error;
  if (wanted && *wanted) {
    error = resolve_named(root, wanted, group, scratch, groups, user, arena);
  } else {
    user->uid = process.uid;
    user->gid = process.gid;
    groups.add(process.gid);
    for (uint32_t gid : process.additional_gids) groups.add(gid);
  }
  for (size_t i = 0; i < group_add.count && error.ok(); i++) {
    uint32_t gid = 0;
    Field name = field_of(group_add[i]);
    if (find_group(group, name, &gid)) {
      groups.add(gid);
    } else {
      error = fail_unknown("group", name, "/etc/group");
    }
  }
  user->groups = groups.list();
  return error;
}

}  // namespace tc
