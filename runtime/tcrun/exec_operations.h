// Commands that clients run beside the service.
#pragma once
#include "request.h"

namespace tc {

void do_exec(const Request& request);
// Of the terminal of a command, or of the service.
void do_resize(const Request& request);
void do_exec_signal(const Request& request);
// The command goes on without its client, and its terminal with it.
void do_leave(const Request& request);

void exec_synced(Monitor& monitor, size_t index);
// What a command prints whose client has left it alone.
void exec_output_ready(Monitor& monitor, size_t index);
// Whether the child that ended was the exec's.
bool exec_ended(Monitor& monitor, size_t index, int pid, int code, int status);
// The client is gone. The terminal's last master closes, so its foreground processes get SIGHUP. Without a terminal they find
// the end of the client's pipes by themselves.
void leave_execs(Monitor& monitor, size_t client);

}  // namespace tc
