// Control group files.
#include "cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>

#include "../common/file.h"
#include "../common/text.h"
#include "device_filter.h"

namespace tc {

namespace {

constexpr char kStep[] = "cgroup";

const char* value_of(const CgroupWrite& write) { return write.value ? write.value : write.copy_from; }

void warn_setting(WarningSink& warnings, const CgroupWrite& write, const Error& error) {
  FixedText<512> text;
  text.add(write.setting).add(": ").add(value_of(write)).add(" refused by ").add(write.file);
  text.add(" (").add(errno_name(error.errnum)).add(")");
  warnings.warn(text.c_str());
}

// The first number after `word` in a file of "word number" lines.
uint64_t read_counter(const char* path, const char* word) {
  Arena scratch;
  Bytes bytes;
  if (read_file(AT_FDCWD, path, 4096, scratch, &bytes)) return 0;
  size_t length = strlen(word);
  for (const char* line = bytes.data; *line;) {
    if (strncmp(line, word, length) == 0 && line[length] == ' ') return strtoull(line + length, nullptr, 10);
    line += strcspn(line, "\n");
    line += *line == '\n';
  }
  return 0;
}

void kill_listed(const char* directory) {
  Path procs;
  procs.add(directory).add("/cgroup.procs");
  Arena scratch;
  Bytes bytes;
  if (read_file(AT_FDCWD, procs.c_str(), 4 << 20, scratch, &bytes)) return;
  for (char* at = const_cast<char*>(bytes.data); *at;) {
    char* end = at;
    long pid = strtol(at, &end, 10);
    if (end == at) return;
    // 0: a process outside of this pid namespace, which is not ours to name.
    if (pid > 0) kill(pid_t(pid), SIGKILL);
    at = end + (*end == '\n');
  }
}

bool is_state(const char* path, const char* wanted) {
  Arena scratch;
  Bytes bytes;
  return read_file(AT_FDCWD, path, 4096, scratch, &bytes).ok() && strstr(bytes.data, wanted);
}

// Both freezers answer when told to freeze, not when frozen; the kernel needs the time that processes need to return
// from it.
Error await_state(const char* path, const char* wanted) {
  constexpr int kMaxMs = 10000;
  for (int waited = 0, step = 1; waited < kMaxMs; waited += step, step = step < 50 ? step * 2 : step) {
    if (is_state(path, wanted)) return {};
    poll(nullptr, 0, step);
  }
  return fail_with(ETIMEDOUT, kStep, "freeze", path);
}

Error freeze_v1(const char* directory, bool frozen) {
  Path file;
  file.add(directory).add("/freezer.state");
  const char* state = frozen ? "FROZEN" : "THAWED";
  Error error = write_kernel_file(AT_FDCWD, file.c_str(), state);
  if (error.ok()) error = await_state(file.c_str(), state);
  if (error && frozen) write_kernel_file(AT_FDCWD, file.c_str(), "THAWED");
  return error;
}

Error freeze_v2(const char* directory, bool frozen) {
  Path file, events;
  file.add(directory).add("/cgroup.freeze");
  events.add(directory).add("/cgroup.events");
  Error error = write_kernel_file(AT_FDCWD, file.c_str(), frozen ? "1" : "0");
  if (error.ok()) error = await_state(events.c_str(), frozen ? "frozen 1" : "frozen 0");
  if (error && frozen) write_kernel_file(AT_FDCWD, file.c_str(), "0");
  return error;
}

bool is_parent(const CgroupSpec& spec, const char* directory) {
  size_t length = strlen(directory);
  for (const char* other : spec.directories) {
    if (strncmp(other, directory, length) == 0 && other[length] == '/') return true;
  }
  return false;
}

enum class Below { Empty, Busy, Deeper };

// Removes those cgroups in `directory` that have none below; of one that has, the descriptor.
Below remove_leaves(int directory, Fd* deeper) {
  // fdopendir takes the descriptor over, so it gets a copy.
  DIR* stream = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!stream) return Below::Busy;
  Below found = Below::Empty;
  while (dirent* entry = readdir(stream)) {
    const char* name = entry->d_name;
    if (entry->d_type != DT_DIR || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    struct stat made;
    if (unlinkat(directory, name, AT_REMOVEDIR) == 0 || fstatat(directory, name, &made, AT_SYMLINK_NOFOLLOW) != 0) continue;
    // A cgroup has two links and one for each below it.
    bool has_more = made.st_nlink > 2;
    if (has_more && found == Below::Deeper) continue;
    if (has_more) *deeper = Fd(openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    found = has_more && *deeper ? Below::Deeper : Below::Busy;
    if (found == Below::Busy) break;
  }
  closedir(stream);
  return found;
}

// A privileged container may have made cgroups of its own below. By descriptors, as it decides how deep they go.
void remove_nested(const char* top) {
  Fd directory(open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (size_t depth = 0; directory;) {
    Fd next;
    Below below = remove_leaves(directory.get(), &next);
    if (below == Below::Busy || (below == Below::Empty && depth == 0)) return;
    if (below == Below::Empty) next = Fd(openat(directory.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    depth = below == Below::Deeper ? depth + 1 : depth - 1;
    directory = static_cast<Fd&&>(next);
  }
}

bool remove_directory(const char* directory, bool is_own) {
  if (rmdir(directory) == 0) return true;
  if (!is_own || errno != EBUSY) return false;
  remove_nested(directory);
  return rmdir(directory) == 0;
}

Error make_all(List<const char*> directories) {
  for (const char* directory : directories) {
    if (mkdir(directory, 0755) != 0 && errno != EEXIST) return fail(kStep, "mkdir", directory);
  }
  return {};
}

Error make_directories(const CgroupSpec& spec) {
  Error error = make_all(spec.parents);
  return error ? error : make_all(spec.directories);
}

// A new v1 cpuset is empty, and somebody else's is theirs.
Error copy_if_empty(const CgroupWrite& write) {
  Arena scratch;
  Bytes present, value;
  Error error = read_file(AT_FDCWD, write.file, 4096, scratch, &present);
  if (error || strspn(present.data, " \n") < present.length) return error;
  error = read_file(AT_FDCWD, write.copy_from, 4096, scratch, &value);
  return error ? error : write_kernel_file(AT_FDCWD, write.file, value.data);
}

Error apply(const CgroupWrite& write) {
  if (!write.value) return copy_if_empty(write);
  Error error = write_kernel_file(AT_FDCWD, write.file, write.value);
  if (error.errnum != ENOENT || !write.else_file) return error;
  return write_kernel_file(AT_FDCWD, write.else_file, write.else_value);
}

Error write_zero(const char* file) { return write_kernel_file(AT_FDCWD, file, "0"); }

}  // namespace

Error create_cgroups(const CgroupSpec& spec, WarningSink& warnings) {
  Error error = make_directories(spec);
  // ENOENT: the last other container just ended and took the common parent away.
  for (int attempt = 0; attempt < 16 && error.errnum == ENOENT; attempt++) error = make_directories(spec);
  if (error) return error;
  for (const CgroupWrite& write : spec.writes) {
    Error error = apply(write);
    if (error.ok()) continue;
    if (!write.required) {
      warn_setting(warnings, write, error);
      continue;
    }
    FixedText<160> detail;
    detail.add(write.setting).add(": the kernel refused ").add(value_of(write));
    error.step = kStep;
    return explain(error, detail.c_str());
  }
  return spec.device_filter.instructions ? attach_device_filter(spec.device_filter, spec.unified) : Error{};
}

Error remove_cgroups(const CgroupSpec& spec) {
  Error first;
  for (size_t i = spec.directories.count; i-- > 0;) {
    const char* directory = spec.directories[i];
    bool is_own = !is_parent(spec, directory);
    if (remove_directory(directory, is_own) || errno == ENOENT || !first.ok()) continue;
    // A parent in common is removed by whoever leaves last.
    if (is_own) first = fail(kStep, "rmdir", directory);
  }
  return first;
}

Error attach_self(List<const char*> files, const char* skip_below) {
  size_t skip = skip_below ? strlen(skip_below) : 0;
  for (const char* file : files) {
    if (skip && strncmp(file, skip_below, skip) == 0 && file[skip] == '/') continue;
    Error error = write_zero(file);
    error.step = kStep;
    if (error) return error;
  }
  return {};
}

void attach_monitor(List<const char*> files, WarningSink& warnings) {
  for (const char* file : files) {
    Error error = write_zero(file);
    if (error.errnum == ENOENT) {
      Path directory;
      directory.add(file, size_t(strrchr(file, '/') - file));
      mkdir(directory.c_str(), 0755);
      error = write_zero(file);
    }
    if (error.ok()) continue;
    FixedText<512> text;
    text.add("the monitor stays in its caller's cgroup: ").add(file).add(" (").add(errno_name(error.errnum)).add(")");
    warnings.warn(text.c_str());
  }
}

void kill_cgroup(const CgroupSpec& spec) {
  if (spec.unified) {
    Path file;
    file.add(spec.unified).add("/cgroup.kill");
    if (write_kernel_file(AT_FDCWD, file.c_str(), "1").ok()) return;
  }
  // Frozen, the group cannot fork away from the list; thawed in any case, or the signals never arrive.
  bool frozen = spec.freezer && freeze_v1(spec.freezer, true).ok();
  kill_listed(spec.procs);
  if (frozen) freeze_v1(spec.freezer, false);
}

Error freeze_cgroup(const CgroupSpec& spec, bool frozen) {
  if (spec.freezer) return freeze_v1(spec.freezer, frozen);
  if (spec.unified) return freeze_v2(spec.unified, frozen);
  return explain(fail_with(ENOTSUP, kStep, "freeze"), "this host has no freezer");
}

uint64_t count_oom_kills(const CgroupSpec& spec) {
  return spec.oom_events ? read_counter(spec.oom_events, "oom_kill") : 0;
}

}  // namespace tc
