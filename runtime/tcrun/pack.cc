// The role `tar diff [latest time]`: standard output becomes the tar of `directory_fd`, the writable directory of an overlay, as a
// layer: whiteouts and opaque directories in the form of the image specification. And `tar root <layers, topmost first>`:
// the tar of what those layers are together; `tar below <path> <layers, topmost first>`: of what is in one directory of
// that. Members come in the order of their names, hard links stay hard links. Answers {"entries","mode","uid","gid"}: the
// last three are those of the directory itself, absent if it is none.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>

#include "../common/fd.h"
#include "../common/in_root.h"
#include "archive.h"
#include "confine.h"
#include "merged_tree.h"
#include "pack.h"
#include "packer.h"

namespace tc {

namespace {

struct What {
  bool is_layer;
  int64_t latest;     // of a layer
  const char* below;  // or null: all of it
  char** layers;
  int count;
};

bool parse_arguments(int argc, char** argv, What* what) {
  const char* kind = argc > 2 ? argv[2] : "";
  *what = {strcmp(kind, "diff") == 0, INT64_MAX, nullptr, argv + 3, argc - 3};
  if (what->is_layer && argc == 4) what->latest = strtoll(argv[3], nullptr, 10);
  if (what->is_layer) return argc <= 4;
  if (strcmp(kind, "below") == 0 && argc > 4) *what = {false, INT64_MAX, argv[3], argv + 4, argc - 4};
  else if (strcmp(kind, "root") != 0) return false;
  return what->count > 0;
}

// Links on the way mean what they mean inside of the image.
Error open_below(const char* path, Fd* merged) {
  Fd below;
  if (Error error = open_in_root(merged->get(), path, O_RDONLY | O_DIRECTORY, &below)) return error;
  *merged = std::move(below);
  return {};
}

bool is_absent(const Error& error) { return error.errnum == ENOENT || error.errnum == ENOTDIR; }

Error open_root(const What& what, bool* absent) {
  if (!what.is_layer) {
    Fd merged;
    if (Error error = open_merged(what.layers, what.count, &merged)) return error;
    Error error = what.below ? open_below(what.below, &merged) : Error{};
    *absent = is_absent(error);
    if (error) return *absent ? Error{} : error;
    if (dup3(merged.get(), directory_fd, O_CLOEXEC) < 0) return fail("pack", "dup3");
  }
  if (Error error = enter_directory(directory_fd)) return error;
  if (Error error = keep_file_capabilities()) return error;
  return allow_file_calls_only();
}

}  // namespace

void allow_many_descriptors() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Error pack_below(int parent, const std::string& name, const std::string& as, uint64_t* entries) {
  Packer packer(directory_fd, false);
  Error error = packer.run_below(parent, name, as);
  *entries = packer.entries();
  return error;
}

int run_tar(int argc, char** argv) {
  What what;
  if (!parse_arguments(argc, argv, &what)) return answer_failed(fail_with(EINVAL, "start", "tar"));
  allow_many_descriptors();
  bool absent = false;
  if (Error error = open_root(what, &absent)) return answer_failed(error);
  if (absent) return answer_done("\"entries\":0");
  Packer packer(directory_fd, what.is_layer, what.latest);
  if (Error error = packer.run()) return answer_failed(error);
  return answer_done(packer.answer());
}

}  // namespace tc
