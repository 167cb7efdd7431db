// How a container is stopped, and how it is taken out of service before.
#pragma once
#include "monitor.h"

namespace tc {

void request_stop(Monitor& monitor, const Stop& stop);
// Takes it out of ports and names for this client, which hears when no connection is left or the time is over.
void withdraw(Monitor& monitor, size_t client, int64_t drain_ms);
void end_withdrawal(Monitor& monitor, size_t client);
// Some connection has ended.
void drain_ready(Monitor& monitor);
// What waits for connections to end waits no longer.
void tell_drained(Monitor& monitor);
// Some client wants it out of names and ports.
bool is_withdrawn(const Monitor& monitor);
void thaw(Monitor& monitor);
void run_stop_timers(Monitor& monitor, int64_t now);

}  // namespace tc
