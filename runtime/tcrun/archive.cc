#include "archive.h"

#include <unistd.h>

#include <cstdio>

namespace tc {

namespace {

int send_answer(const std::string& json, int status) {
  size_t sent = 0;
  while (sent < json.size()) {
    ssize_t put = write(answer_fd, json.data() + sent, json.size() - sent);
    if (put < 0 && errno == EINTR) continue;
    // Nobody listens any more.
    if (put < 0) return 1;
    sent += static_cast<size_t>(put);
  }
  return status;
}

}  // namespace

void append_json(std::string* json, const std::string& text) {
  *json += '"';
  for (char each : text) {
    if (each == '"' || each == '\\') *json += '\\';
    if (static_cast<unsigned char>(each) >= 0x20) {
      *json += each;
      continue;
    }
    char escaped[7];
    snprintf(escaped, sizeof escaped, "\\u%04x", each);
    *json += escaped;
  }
  *json += '"';
}

int answer_done(const std::string& members) { return send_answer("{\"v\":1,\"done\":{" + members + "}}", 0); }

int answer_failed(const Error& error) {
  std::string json = "{\"v\":1,\"failed\":{\"step\":";
  append_json(&json, error.step);
  json += ",\"syscall\":";
  append_json(&json, error.syscall);
  json += ",\"errno\":";
  append_json(&json, errno_name(error.errnum));
  json += ",\"path\":";
  append_json(&json, error.path);
  return send_answer(json + "}}", 1);
}

}  // namespace tc
