// Names in an archive as paths below its root: components joined by "/", empty for the root itself. Pure.
#pragma once
#include <string>

namespace tc {

// Splits a member's name into clean components. False if it holds "..".
bool clean_path(const std::string& name, std::string* path);
// Of a clean path: what is before the last "/", empty at the root, and what is after it.
void split_path(const std::string& path, std::string* parent, std::string* name);
// Where a dangling symlink in `directory` leads, ".." taken by name and never above the root.
std::string join_link_target(const std::string& directory, const std::string& target);

}  // namespace tc
