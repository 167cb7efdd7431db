// Signalling processes without a race on their pids.
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../common/fd.h"
#include "../common/pidfd.h"
#include "addon.h"

namespace tc {

namespace {

// Field 22 of /proc/PID/stat, in clock ticks after boot; the command name before it may hold spaces and parentheses.
bool has_start_time(pid_t pid, uint64_t expected) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  Fd file(open(path, O_RDONLY | O_CLOEXEC));
  char text[1024];
  ssize_t length = file ? read(file.get(), text, sizeof text - 1) : -1;
  if (length <= 0) return false;
  text[length] = '\0';
  const char* field = strrchr(text, ')');
  for (int number = 2; field && number < 22; number++) field = strchr(field + 1, ' ');
  return field && strtoull(field + 1, nullptr, 10) == expected;
}

Napi::Value signal_process(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  pid_t pid = info[0].ToNumber().Int32Value();
  auto start_time = static_cast<uint64_t>(info[1].ToNumber().Int64Value());
  int signal = info[2].ToNumber().Int32Value();
  // 0 and -1 are not processes but groups of them.
  if (pid <= 0) return throw_type_error(env, "a pid is greater than 0");
  Fd process(pidfd_open(pid));
  if (!process && errno != ESRCH) return throw_error(env, fail("signal", "pidfd_open"));
  if (!process || !has_start_time(pid, start_time)) return Napi::Boolean::New(env, false);
  if (pidfd_send_signal(process.get(), signal) == 0) return Napi::Boolean::New(env, true);
  if (errno == ESRCH) return Napi::Boolean::New(env, false);
  return throw_error(env, fail("signal", "pidfd_send_signal"));
}

// Bit n is capability n.
Napi::Value effective_capabilities(const Napi::CallbackInfo& info) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) < 0) return throw_error(info.Env(), fail("capabilities", "capget"));
  uint64_t mask = static_cast<uint64_t>(data[1].effective) << 32 | data[0].effective;
  return Napi::BigInt::New(info.Env(), mask);
}

}  // namespace

void init_process(Napi::Object exports) {
  set_function(exports, "signalProcess", signal_process);
  set_function(exports, "effectiveCapabilities", effective_capabilities);
}

}  // namespace tc
