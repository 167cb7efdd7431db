// When another life of the container begins.
#pragma once
#include "monitor.h"

namespace tc {

// What lasted so long has its delays from the beginning again.
constexpr int64_t kSteadyMs = 10 * 1000;

// After a life, or a start that failed: false if the policy has no other for it.
bool plan_restart(Monitor& monitor);
// A client or a second stop asks for another life at once, whatever the policy says.
void restart_by_request(Monitor& monitor);
void run_restart_timer(Monitor& monitor, int64_t now);
// Between two lives the files are for one client at a time, and no life begins as long as there is one. It gets the lock of
// the bundle, so that nobody starts the container when the monitor ends.
void grant_hold(Monitor& monitor);
void end_hold(Monitor& monitor, size_t client);

}  // namespace tc
