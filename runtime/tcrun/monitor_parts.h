// What a monitor knows of the life of its container, of who wants it to end, and of who is connected.
#pragma once
#include "clock.h"
#include "container.h"
#include "log.h"
#include "network.h"
#include "sync.h"

namespace tc {

enum class StoppedBy : uint8_t { Nobody, User, Host };

// From one start of the container's first process to its end.
struct Life {
  Child child;
  timespec started_at{};
  timespec finished_at{};
  int64_t started_ms = 0;
  int exit_code = 0;
  int signal = 0;
  uint64_t oom_kills_before = 0;
  bool oom_killed = false;
  bool has_exited = false;   // reaped; its output may still be draining
  bool has_started = false;  // ever
  Deadline drain;
};

// A stop or restart on its way.
struct Stop {
  bool requested = false;
  bool restart = false;  // start again afterwards
  int signal = 0;
  int64_t grace_ms = 0;
  StoppedBy by = StoppedBy::Nobody;
  int64_t drain_ms = 0;  // how long connections may take to finish before the signal
  Deadline drain;
  Deadline kill;
};

struct ProbeResult {
  timespec start{};
  timespec end{};
  int exit_code = 0;
  uint32_t length = 0;
  char output[4096];
};

struct HealthState {
  static constexpr size_t kKept = 5;
  Health status = Health::None;
  uint32_t failing_streak = 0;
  ProbeResult results[kKept];  // a ring; `recorded` counts all ever
  uint64_t recorded = 0;
  // The probe under way.
  Joining joining;
  Fd output;
  bool is_running = false;
  bool timed_out = false;
  int64_t started_ms = 0;
  Deadline next;
  Deadline timeout;
};

struct Exec {
  int number = 0;   // 0: a free slot
  int client = -1;  // who hears of it; -1: nobody any more
  Joining joining;
  bool has_executed = false;
};

// A client that sees what the service prints, and types. Made when it is asked for: few ever are.
struct Attachment {
  // `held`: read of the service and not taken by the pipe yet; then the pipe is watched.
  struct Output {
    Fd pipe;
    size_t held = 0;
    uint64_t dropped = 0;  // bytes, since the client last heard
    char bytes[LogStream::kMaxRecord];
  };
  int client = -1;
  bool is_lossless = false;  // while it does not read, the service waits
  bool ends_input = false;   // the end of its input is that of the service's
  Fd input;                  // watched unless something is `typed`
  size_t typed = 0;          // read of it and not taken by the service yet
  char typing[4096];
  Output outputs[2];
};

// Of the container between two lives.
enum class Hold : uint8_t { No, Asked, Granted };

struct Client {
  Fd socket;
  char* input = nullptr;
  size_t input_length = 0;
  size_t input_capacity = 0;
  char* output = nullptr;
  size_t output_length = 0;
  int fds[3] = {-1, -1, -1};
  size_t fd_count = 0;
  // Events that it waits for.
  bool subscribed = false;
  bool awaits_exit = false;
  bool awaits_end = false;
  bool awaits_restart = false;
  bool awaits_health = false;
  bool awaits_drained = false;
  bool withdraws = false;  // the container is out of ports and names as long as this client is there
  Hold hold = Hold::No;    // no life begins as long as this client is there
};

}  // namespace tc
