// The role `untar <most entries>`: standard input is an uncompressed layer, `directory_fd` the empty directory that it
// is unpacked into, in overlayfs's form. Answers {"entries","bytes","implicit":[directories that no entry described]}.
// What is made is not synced; whoever started this syncs the file system once for all layers.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "archive.h"
#include "confine.h"
#include "layer_tree.h"
#include "tar_reader.h"

namespace tc {

namespace {

Error unpack(TarReader* reader, LayerTree* tree, uint64_t most_entries, uint64_t* entries) {
  for (;;) {
    TarEntry entry;
    bool found;
    if (Error error = reader->next(&entry, &found)) return error;
    if (!found) break;
    // Extension headers count: they cost time and memory too.
    if (reader->headers() > most_entries) {
      return fail_with(EBADMSG, "archive", "it has more entries than allowed", entry.name.c_str());
    }
    if (Error error = tree->apply(entry, reader)) return error;
    ++*entries;
  }
  if (Error error = tree->finish()) return error;
  return reader->drain();
}

Error confine() {
  if (Error error = enter_directory(directory_fd)) return error;
  if (Error error = keep_file_capabilities()) return error;
  return allow_file_calls_only();
}

}  // namespace

int run_untar(int argc, char** argv) {
  if (argc != 3) return answer_failed(fail_with(EINVAL, "start", "untar"));
  umask(0);
  if (Error error = confine()) return answer_failed(error);
  TarReader reader(STDIN_FILENO);
  LayerTree tree(directory_fd);
  uint64_t entries = 0;
  if (Error error = unpack(&reader, &tree, strtoull(argv[2], nullptr, 10), &entries)) return answer_failed(error);
  std::string members = "\"entries\":" + std::to_string(entries) + ",\"bytes\":" + std::to_string(tree.bytes()) +
                        ",\"implicit\":[";
  const char* separator = "";
  for (const std::string& path : tree.implicit_directories()) {
    members += separator;
    append_json(&members, path);
    separator = ",";
  }
  return answer_done(members + "]");
}

}  // namespace tc
