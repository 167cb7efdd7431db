// monitor.json and config.json as plain structs, parsed once by spec.cc. Field by field the contract is
// src/runtime/monitor-spec.ts and src/runtime/oci-config.ts. Strings point into the arena that parse_spec() was given.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../common/arena.h"
#include "../common/error.h"
#include "../common/json.h"
#include "network_spec.h"

namespace tc {

// ---- config.json (OCI runtime configuration) ----

using CapabilitySet = uint64_t;  // bit n: capability n

struct CapabilitySpec {
  CapabilitySet bounding;
  CapabilitySet effective;
  CapabilitySet permitted;
  CapabilitySet inheritable;
  CapabilitySet ambient;
};

struct RlimitSpec {
  const char* name;  // "RLIMIT_NOFILE"
  int resource;
  uint64_t soft;
  uint64_t hard;
};

struct ProcessSpec {
  bool terminal;
  uint32_t uid;
  uint32_t gid;
  List<uint32_t> additional_gids;
  int umask;  // -1: default
  List<const char*> args;
  List<const char*> env;
  const char* cwd;
  CapabilitySpec capabilities;
  List<RlimitSpec> rlimits;
  bool no_new_privileges;
  bool has_oom_score_adj;
  int oom_score_adj;
  const char* apparmor_profile;  // or null
};

struct MountSpec {
  const char* destination;
  const char* type;
  const char* source;
  List<const char*> options;
};

struct NamespaceSpec {
  int flag;          // CLONE_NEW...
  const char* path;  // join this one; null: a new one
};

struct DeviceSpec {
  const char* path;
  char type;  // 'c' or 'b'
  uint32_t major;
  uint32_t minor;
  uint32_t mode;
  uint32_t uid;
  uint32_t gid;
};

struct SysctlSpec {
  const char* name;  // "net.ipv4.ip_forward"
  const char* value;
};

// Ids from `inside` on are, in the container's user namespace, those of the host from `outside` on.
struct IdMapping {
  uint32_t inside;
  uint32_t outside;
  uint32_t size;
};

struct OciSpec {
  ProcessSpec process;
  bool root_readonly;
  const char* hostname;    // or null
  const char* domainname;  // or null
  List<MountSpec> mounts;
  List<NamespaceSpec> namespaces;
  List<IdMapping> uid_map;  // empty: the container's ids are the host's
  List<IdMapping> gid_map;
  List<DeviceSpec> devices;
  List<SysctlSpec> sysctl;
  List<const char*> masked_paths;
  List<const char*> readonly_paths;
  bool is_remapped() const { return uid_map.count > 0; }
};

// ---- monitor.json ----

struct PresentSpec {
  const char* path;
  const char* link;  // null: an empty file
};

struct RootSpec {
  List<const char*> layers;  // topmost first
  const char* upper;         // null: read-only
  const char* work;
  bool is_volatile;
  List<PresentSpec> present;
};

struct CgroupWrite {
  const char* file;
  const char* value;      // null: what `copy_from` has, if `file` is empty
  const char* copy_from;
  const char* else_file;  // instead of a `file` that does not exist; or null
  const char* else_value;
  const char* setting;
  bool required;
};

struct DeviceFilter {
  const uint8_t* program;  // struct bpf_insn[]
  uint32_t instructions;   // 0: none
};

struct CgroupSpec {
  List<const char*> parents;  // made if missing, never removed
  List<const char*> directories;
  List<CgroupWrite> writes;
  List<const char*> attach;
  List<const char*> monitor_attach;
  const char* unified;     // or null
  const char* freezer;     // or null
  const char* procs;       // directory whose cgroup.procs lists every process
  const char* oom_events;  // or null
  DeviceFilter device_filter;  // for `unified`
};

// A namespace of another container.
struct JoinSpec {
  int flag;                  // CLONE_NEW...
  const char* control;       // of its monitor
  List<const char*> mounts;  // targets whose mounts are that container's too
};

struct SeccompFilter {
  const uint8_t* program;  // struct sock_filter[]
  uint16_t instructions;   // 0: unconfined
  unsigned flags;          // SECCOMP_FILTER_FLAG_*
};

// A file whose content the monitor was handed in memory.
struct SecretSpec {
  const char* target;  // absolute, in the container
  uint32_t uid;
  uint32_t gid;
  uint32_t mode;
};

// Another OCI runtime, which makes the container out of what the monitor mounts for it (stage.h). Its verbs are whole
// argument lists.
struct RuntimeSpec {
  List<const char*> command;  // program and arguments before the verb; empty: there is no other runtime
  List<const char*> env;
  List<const char*> create;
  List<const char*> start;
  List<const char*> remove;
  List<const char*> kill;  // and the number of a signal
  List<const char*> exec;
  List<const char*> exec_terminal;
  List<const char*> hidden;  // mounts of the host that it must not see
  List<const char*> attach;  // files of cgroups that it is born in; into others it puts the container by itself
  bool is_opaque;            // only itself can get into its containers: they may have a kernel of their own
  uint64_t timeout_ms;       // of each verb
  bool is_used() const { return command.count > 0; }
};

enum class SyslogTransport : uint8_t { Unix, Udp, Tcp };
enum class SyslogFormat : uint8_t { Local, Rfc3164, Rfc5424, Rfc5424Micro };

struct SyslogSpec {
  bool enabled;
  SyslogTransport transport;
  const char* address;  // a path, or an address in numbers
  uint16_t port;
  SyslogFormat format;
  uint8_t facility;
  const char* tag;
  const char* hostname;
};

constexpr size_t kMaxLogAttributes = 64 * 1024;

struct LogSpec {
  bool has_file;
  const char* path;
  uint64_t max_size;  // 0: no limit
  uint32_t max_file;
  bool compress;           // what is set aside
  const char* attributes;  // a JSON object, or null
  SyslogSpec syslog;
  bool is_captured() const { return has_file || syslog.enabled; }
};

struct EventsSpec {
  const char* file;  // absolute; null: nothing is recorded
  uint64_t max_size;
  const char* project;
  const char* service;
  const char* image;
  bool one_off;
};

enum class RestartPolicy : uint8_t { No, Always, OnFailure, UnlessStopped };

struct RestartSpec {
  RestartPolicy policy;
  uint32_t max_retries;  // 0: no limit
  int64_t delay_ms;      // -1: the usual backoff
  int64_t window_ms;     // 0: every restart counts against max_retries
};

struct StopSpec {
  int signal;
  uint64_t grace_ms;
};

struct HealthSpec {
  List<const char*> command;  // empty: no probe
  uint64_t interval_ms;
  uint64_t timeout_ms;
  uint32_t retries;
  uint64_t start_period_ms;
  uint64_t start_interval_ms;
};

struct Spec {
  const char* id;
  const char* name;
  const char* table;
  const char* bundle;
  const char* run_dir;
  bool own_pid_namespace;
  RootSpec root;
  List<SecretSpec> secrets;  // in the order of their contents
  List<const char*> mounted_volumes;
  CgroupSpec cgroup;
  List<JoinSpec> joins;
  RuntimeSpec runtime;
  SeccompFilter seccomp;
  const char* user;  // or null: the numbers of `oci.process`
  List<const char*> group_add;
  bool init;
  bool stdin_open;  // standard input is a pipe that stays open, not /dev/null
  LogSpec log;
  EventsSpec events;
  RestartSpec restart;
  StopSpec stop;
  HealthSpec health;
  NetworkSpec network;
  bool remove_on_end;
  OciSpec oci;
};

// Reads monitor.json and config.json of the bundle directory `bundle`; strings live in `arena`. A newer version, a
// missing or mistyped member is EPROTO with the member's name, e.g. "monitor.json: graceMs".
Error parse_spec(int bundle, Arena& arena, Spec* spec);
// The config.json part of it.
Error parse_oci(const Json* root, Arena& arena, OciSpec* oci);

}  // namespace tc
