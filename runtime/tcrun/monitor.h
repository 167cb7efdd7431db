// The monitor: one process per running container, one loop, no threads. This header is its state; what happens to it is
// in
//   monitor.cc    the loop, signals, children that end
//   namespaces.cc what outlives its lives
//   life.cc       start and exit;  restart.cc  when it starts again;  stop.cc  stop, withdrawal;  end.cc  the end
//   health.cc     probes
//   status.cc     what it writes down
//   control.cc    connections of the control socket;  operations.cc, exec_operations.cc  what they may ask for
//   attach.cc     clients that see the output and type
#pragma once
#include "../common/arena.h"
#include "clock.h"
#include "container.h"
#include "drain.h"
#include "log.h"
#include "monitor_parts.h"
#include "network.h"
#include "sync.h"

namespace tc {

enum class State : uint8_t { Created, Running, Restarting, Exited };
enum class WantedBy : uint8_t { Nobody, Policy, Request };

// What an epoll event is about: `source` in the upper half of its data, an index in the lower.
enum class Source : uint32_t {
  Signals,
  Listener,
  Client,
  Output,
  ExecSync,
  ProbeSync,
  ProbeOutput,
  Drain,
  AttachedInput,
  AttachedOutput,
  InputRoom,
  ExecOutput,
  Syslog,
  Lifeline,
};

struct Monitor final : WarningSink {
  static constexpr size_t kMaxClients = 64;
  static constexpr size_t kMaxExecs = 64;
  static constexpr size_t kMaxWarnings = 8;
  static constexpr size_t kMaxAttachments = 16;

  void warn(const char* text) override;

  Arena arena;  // of the spec
  Spec spec;
  Host host{};
  Fd answer;  // until the caller knows how the start went
  Fd bundle;  // its lock is ours as long as this is open
  Fd executable;
  Fd proc;
  Fd* volumes = nullptr;  // locks of spec.mounted_volumes
  Fd secrets;  // contents, for every life; none without secrets
  Fd run_dir;
  Fd epoll;
  Fd signals;
  Fd listener;
  Fd first_client;  // until it is one of `clients`
  Fd netns;
  Fd userns;  // which owns it; none without a remapping
  Fd lifeline;  // readable when whoever started this has gone; absent: the container outlives it
  int* sockets = nullptr;  // published, in the order of network.ports; open as long as the monitor lives
  size_t socket_count = 0;
  NetworkChild network_child;
  Deadline network_child_restart;
  int64_t network_child_delay_ms = 0;
  int64_t network_child_started_ms = 0;

  int pid = 0;  // the monitor's, as the host sees it
  uint64_t start_time = 0;
  char boot_id[40] = "";

  State state = State::Created;
  bool is_paused = false;
  Life life;
  Stop stop;
  InboundConnections connections;  // while draining
  Deadline withdrawal;             // when who has it withdrawn waits no longer for its connections
  Deadline last_arrivals;          // until then somebody may come who got its address before
  Error error;  // why the last start failed
  uint32_t restart_count = 0;
  uint32_t failed_restarts = 0;  // those that ended within the policy's window
  int64_t backoff_ms = 0;
  Deadline restart;
  WantedBy wanted_start = WantedBy::Nobody;  // who wants a life that is held back
  HealthState health;
  bool was_well = false;  // healthy, or without a probe
  Log log;
  LogStream streams[2];  // standard output (or the terminal), standard error
  bool is_held[2] = {};    // a stream that is not read, as an attached client has to take what there is
  Fd input_room;           // the service's input, watched until it takes more
  Attachment* attachments[kMaxAttachments] = {};
  uint64_t reported_drops = 0;  // as the status last said
  Deadline status_update;
  int64_t cgroup_retry_ms = 0;
  Deadline cgroup_retry;
  bool is_ending = false;
  bool has_ended = false;

  Exec execs[kMaxExecs];
  int last_exec = 0;
  Client clients[kMaxClients];

  const char* warnings[kMaxWarnings] = {};
  size_t warning_count = 0;
};

// What the launcher hands over; descriptors move.
struct Inheritance {
  int socket_count;
  bool has_netns;
  bool has_client;
  bool has_secrets;
  bool has_lifeline;
};
// Runs to the end of the container; the exit code of the process.
int run_monitor(Monitor& monitor, const Inheritance& inherited);

// monitor.cc
Error watch(Monitor& monitor, int fd, uint32_t events, Source source, uint32_t index);
// Closes what was watched. Taken out of epoll first: a child that was cloned meanwhile may still hold a copy, and epoll
// would go on reporting it.
void unwatch(Monitor& monitor, Fd& fd);

// namespaces.cc
// Network and user namespace, which every life of the container has.
Error open_namespaces(Monitor& monitor);

// life.cc
Error start_life(Monitor& monitor);
void container_exited(Monitor& monitor, int code, int status);
void output_drained(Monitor& monitor);
void network_child_exited(Monitor& monitor);
void signal_container(Monitor& monitor, int signal);
void run_life_timers(Monitor& monitor, int64_t now);
void publish(Monitor& monitor);

// end.cc
void end(Monitor& monitor);
// Undoes a first start that failed.
void abandon(Monitor& monitor);
// The kernel may still be burying the last process (EBUSY): a few short retries, then a warning and a sweep's business.
void retry_cgroups(Monitor& monitor);

// health.cc
void start_health(Monitor& monitor);
void stop_health(Monitor& monitor);
void start_probe(Monitor& monitor);
void probe_ready(Monitor& monitor, Source source);
// Whether the child that ended was the probe's.
bool probe_ended(Monitor& monitor, int pid, int code, int status);
void run_health_timers(Monitor& monitor, int64_t now);

// status.cc
// To the file, to subscribers.
void report_status(Monitor& monitor);
// At the end of a life, with fsync.
void record_last(Monitor& monitor);
// The status object; large health outputs are left out if it would not fit.
void render_status(const Monitor& monitor, Text& out);
constexpr size_t kMaxStatus = 256 * 1024;

// attach.cc
struct AttachRequest {
  bool is_lossless;
  bool ends_input;
  uint32_t capacity;  // of the pipes for output, in bytes; 0: as they are
};
// `fds`: standard input, output, error; taken over.
Error attach(Monitor& monitor, int client, const AttachRequest& request, int* fds);
void detach(Monitor& monitor, int client);
// At the end of a life.
void end_attachments(Monitor& monitor);
// Passes what the service printed to the log and to those who are attached.
void read_output(Monitor& monitor, size_t stream);
bool is_output_held(const Monitor& monitor);
void attached_input_ready(Monitor& monitor, size_t index);
void attached_output_ready(Monitor& monitor, size_t index);
void input_room_ready(Monitor& monitor);

// control.cc
Error open_control(Monitor& monitor);
// A connection that came with the start: what it asks for is done before the container starts.
Error adopt_client(Monitor& monitor, int fd);
void accept_client(Monitor& monitor);
void client_ready(Monitor& monitor, size_t index, uint32_t events);
// At most kMaxPassed descriptors travel with one line (SCM_MAX_FD of the kernel).
constexpr size_t kMaxPassed = 253;
void send_line(Monitor& monitor, size_t index, const char* text, size_t length, const int* fds = nullptr,
               size_t fd_count = 0);
void drop_client(Monitor& monitor, size_t index);
// `{"event":...}` to the clients with that flag set, which it clears.
void notify(Monitor& monitor, bool Client::*flag, const char* line, size_t length);
void send_error(Monitor& monitor, size_t index, const Error& error);

// operations.cc
void perform(Monitor& monitor, size_t index, const char* line, size_t length);
void client_left(Monitor& monitor, size_t index);

// 127, 126 or 125, as docker run.
int exit_code_of(const Error& error);
// 0-255, or 128 + the signal.
int exit_code_of_child(int code, int status);
// The `failed` object of the protocol.
void render_error(const Error& error, Text& out);

}  // namespace tc
