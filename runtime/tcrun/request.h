// What a client asks for, and how it is answered.
#pragma once
#include "../common/json.h"
#include "monitor.h"

namespace tc {

struct Request {
  Monitor& monitor;
  size_t client;
  const Json* json;
  Arena& arena;
};

inline void answer(const Request& request, const Text& text) {
  send_line(request.monitor, request.client, text.c_str(), text.length());
}

inline void answer_ok(const Request& request) { send_line(request.monitor, request.client, "{\"ok\":true}\n", 12); }

inline void answer_status(const Request& request) {
  Text text(request.arena.make<char>(kMaxStatus), kMaxStatus);
  render_status(request.monitor, text);
  text.add('\n');
  answer(request, text);
}

inline void refuse(const Request& request, const Error& error) { send_error(request.monitor, request.client, error); }

inline Client& client_of(const Request& request) { return request.monitor.clients[request.client]; }

inline bool is_running(const Monitor& monitor) { return monitor.state == State::Running && !monitor.life.has_exited; }

inline Error not_running(const char* op) { return explain(fail_with(ESRCH, "control", op), "the container is not running"); }

}  // namespace tc
