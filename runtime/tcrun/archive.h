// What the archive roles (untar, settle, tar) share: their descriptors and their answer. Each is started with exactly
// standard input and output, `answer_fd` (a pipe), `directory_fd` and, as long as the role lives, a descriptor that
// it does not use; it ends after one answer:
//   {"v":1,"done":{...}}   or   {"v":1,"failed":{"step","syscall","errno","path"}}
// Bytes of names stand as they are, whatever their encoding: the reader takes the text as Latin-1 and gets them back.
#pragma once
#include <string>

#include "../common/error.h"

namespace tc {

constexpr int answer_fd = 3;
constexpr int directory_fd = 4;
constexpr int user_namespace_fd = 5;  // if the role was given one

// Appends a JSON string.
void append_json(std::string* json, const std::string& text);
// Both return the exit status of the role.
int answer_done(const std::string& members);
int answer_failed(const Error& error);

// The roles. See the headers of untar.cc, settle.cc, pack.cc and copy.cc for their arguments.
int run_untar(int argc, char** argv);
int run_settle(int argc, char** argv);
int run_tar(int argc, char** argv);
int run_copy(int argc, char** argv);

}  // namespace tc
