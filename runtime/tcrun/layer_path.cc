#include "layer_path.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace tc {

bool clean_path(const std::string& name, std::string* path) {
  path->clear();
  for (size_t begin = 0; begin <= name.size();) {
    size_t end = std::min(name.find('/', begin), name.size());
    std::string_view part(name.data() + begin, end - begin);
    if (part == "..") return false;
    if (!part.empty() && part != ".") {
      if (!path->empty()) *path += '/';
      *path += part;
    }
    begin = end + 1;
  }
  return true;
}

void split_path(const std::string& path, std::string* parent, std::string* name) {
  size_t slash = path.rfind('/');
  *parent = slash == std::string::npos ? "" : path.substr(0, slash);
  *name = slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string join_link_target(const std::string& directory, const std::string& target) {
  std::string whole = target.starts_with('/') ? target : directory + "/" + target;
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= whole.size();) {
    size_t end = std::min(whole.find('/', begin), whole.size());
    std::string part = whole.substr(begin, end - begin);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  std::string path;
  for (const std::string& part : parts) path += (path.empty() ? "" : "/") + part;
  return path;
}

}  // namespace tc
