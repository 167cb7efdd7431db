// monitor.json, and reading both files of a bundle.
#include "spec.h"

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>

#include "../common/base64.h"
#include "../common/file.h"
#include "decoder.h"
#include "parse_network.h"

namespace tc {

namespace {

constexpr int kVersion = 1;
constexpr size_t kMaxFile = 16 << 20;
constexpr int64_t kMaxMs = int64_t(1) << 50;
constexpr int64_t kMaxU32 = UINT32_MAX;
// Both of struct sock_filter and struct bpf_insn.
constexpr size_t kInstruction = 8;
static_assert(sizeof(sock_filter) == kInstruction && sizeof(bpf_insn) == kInstruction);

void parse_id(Decoder& in, const Json* root, Spec* spec) {
  spec->id = in.string(root, "id");
  if (strlen(spec->id) != 64 || strspn(spec->id, "0123456789abcdef") != 64) in.refuse("id", "is not 64 hex digits");
}

void parse_root(Decoder& in, const Json* json, RootSpec* root) {
  root->layers = in.strings(json, "layers");
  root->upper = in.absolute_path(json, "upper");
  root->work = in.absolute_path(json, "work");
  root->is_volatile = in.boolean(json, "volatile", false);
  root->present = in.list<PresentSpec>(json, "present", [&](const Json* item, PresentSpec* present) {
    *present = {in.absolute_path(item, "path"), in.optional_string(item, "link")};
  });
  if (root->layers.count == 0) in.refuse("layers", "is empty");
  for (const char* layer : root->layers) {
    if (*layer != '/') in.refuse("layers", "has a path that is not absolute");
  }
}

// Decodes base64 into whole instructions; 0 of them and a refusal if it is not that.
size_t parse_program(Decoder& in, const Json* json, const char* name, const uint8_t** program) {
  const char* text = in.string(json, name);
  size_t length = strlen(text), produced = 0;
  uint8_t* bytes = static_cast<uint8_t*>(in.arena().allocate(length));
  bool decoded = decode_base64(text, length, bytes, &produced);
  *program = bytes;
  if (decoded && produced % kInstruction == 0 && produced > 0 && produced / kInstruction <= BPF_MAXINSNS) {
    return produced / kInstruction;
  }
  in.refuse(name, "is not a BPF program");
  return 0;
}

void parse_cgroup_write(Decoder& in, const Json* item, CgroupWrite* write) {
  write->file = in.absolute_path(item, "file");
  write->value = in.optional_string(item, "value");
  write->copy_from = in.optional_string(item, "copyFrom");
  write->setting = in.string(item, "setting");
  write->required = in.boolean(item, "required", true);
  if (!write->value == !write->copy_from) in.refuse("value", "and copyFrom: one of them is expected");
  const Json* other = in.optional_object(item, "orElse");
  if (!other) return;
  write->else_file = in.absolute_path(other, "file");
  write->else_value = in.string(other, "value");
}

void parse_cgroup(Decoder& in, const Json* json, CgroupSpec* cgroup) {
  cgroup->parents = in.strings(json, "parents");
  cgroup->directories = in.strings(json, "directories");
  cgroup->writes = in.list<CgroupWrite>(
      json, "writes", [&](const Json* item, CgroupWrite* write) { parse_cgroup_write(in, item, write); });
  cgroup->attach = in.strings(json, "attach");
  cgroup->monitor_attach = in.strings(json, "monitorAttach");
  cgroup->unified = in.optional_string(json, "unified");
  cgroup->freezer = in.optional_string(json, "freezer");
  cgroup->procs = in.absolute_path(json, "procs");
  cgroup->oom_events = in.optional_string(json, "oomEvents");
  if (!in.optional_string(json, "deviceFilter")) return;
  if (!cgroup->unified) return in.refuse("deviceFilter", "needs unified");
  DeviceFilter& filter = cgroup->device_filter;
  filter.instructions = uint32_t(parse_program(in, json, "deviceFilter", &filter.program));
}

void parse_join(Decoder& in, const Json* item, JoinSpec* join) {
  static const char* const kTypes[] = {"pid", "ipc", "uts", nullptr};
  static const int kFlags[] = {CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS};
  join->flag = kFlags[in.word(item, "type", kTypes)];
  join->control = in.absolute_path(item, "control");
  join->mounts = in.strings(item, "mounts");
}

void parse_runtime(Decoder& in, const Json* json, RuntimeSpec* runtime) {
  if (!json) return;
  runtime->command = in.strings(json, "command");
  runtime->env = in.strings(json, "env");
  runtime->create = in.strings(json, "create");
  runtime->start = in.strings(json, "start");
  runtime->remove = in.strings(json, "delete");
  runtime->kill = in.strings(json, "kill");
  runtime->exec = in.strings(json, "exec");
  runtime->exec_terminal = in.strings(json, "execTerminal");
  runtime->hidden = in.strings(json, "hidden");
  runtime->attach = in.strings(json, "attach");
  runtime->is_opaque = in.boolean(json, "isOpaque", false);
  runtime->timeout_ms = uint64_t(in.integer(json, "timeoutMs", 1, kMaxMs));
  if (!runtime->is_used() || *runtime->command[0] != '/') in.refuse("command", "does not begin with an absolute path");
}

void parse_seccomp(Decoder& in, const Json* json, SeccompFilter* seccomp) {
  if (!json) return;
  seccomp->instructions = uint16_t(parse_program(in, json, "filter", &seccomp->program));
  seccomp->flags = unsigned(in.optional_integer(json, "flags", 0, 0xffff, SECCOMP_FILTER_FLAG_SPEC_ALLOW));
}

void parse_secret(Decoder& in, const Json* item, SecretSpec* secret) {
  constexpr int64_t kMaxId = int64_t(UINT32_MAX) - 1;
  secret->target = in.absolute_path(item, "target");
  secret->uid = uint32_t(in.integer(item, "uid", 0, kMaxId));
  secret->gid = uint32_t(in.integer(item, "gid", 0, kMaxId));
  secret->mode = uint32_t(in.integer(item, "mode", 0, 07777));
}

void parse_syslog(Decoder& in, const Json* json, SyslogSpec* syslog) {
  static const char* const kTransports[] = {"unix", "udp", "tcp", nullptr};
  static const char* const kFormats[] = {"local", "rfc3164", "rfc5424", "rfc5424micro", nullptr};
  constexpr size_t kMaxUnixPath = 107;
  if (!json) return;
  syslog->enabled = true;
  syslog->transport = SyslogTransport(in.word(json, "transport", kTransports));
  syslog->address = in.string(json, "address");
  if (syslog->transport != SyslogTransport::Unix) syslog->port = uint16_t(in.integer(json, "port", 1, 65535));
  else if (strlen(syslog->address) > kMaxUnixPath) in.refuse("address", "is too long");
  syslog->format = SyslogFormat(in.word(json, "format", kFormats));
  syslog->facility = uint8_t(in.integer(json, "facility", 0, 23));
  syslog->tag = in.string(json, "tag");
  syslog->hostname = in.string(json, "hostname");
}

void parse_log(Decoder& in, const Json* json, LogSpec* log) {
  static const char* const kDrivers[] = {"none", "json-file", nullptr};
  log->has_file = in.word(json, "driver", kDrivers) == 1;
  log->path = in.absolute_path(json, "path");
  log->max_size = uint64_t(in.optional_integer(json, "maxSize", 0, INT64_MAX, 0));
  log->max_file = uint32_t(in.optional_integer(json, "maxFile", 1, 1000, 1));
  log->compress = in.boolean(json, "compress", false);
  log->attributes = in.optional_string(json, "attributes");
  if (log->attributes && strlen(log->attributes) > kMaxLogAttributes) in.refuse("attributes", "is too long");
  parse_syslog(in, in.optional_object(json, "syslog"), &log->syslog);
}

void parse_events(Decoder& in, const Json* json, EventsSpec* events) {
  if (!json) return;
  events->file = in.absolute_path(json, "file");
  events->max_size = uint64_t(in.integer(json, "maxSize", 0, INT64_MAX));
  events->project = in.string(json, "project");
  events->service = in.string(json, "service");
  events->image = in.string(json, "image");
  events->one_off = in.boolean(json, "oneOff", false);
}

void parse_life(Decoder& in, const Json* root, Spec* spec) {
  static const char* const kPolicies[] = {"no", "always", "on-failure", "unless-stopped", nullptr};
  const Json* restart = in.object(root, "restart");
  spec->restart.policy = RestartPolicy(in.word(restart, "policy", kPolicies));
  spec->restart.max_retries = uint32_t(in.optional_integer(restart, "maxRetries", 0, kMaxU32, 0));
  spec->restart.delay_ms = in.optional_integer(restart, "delayMs", 0, kMaxMs, -1);
  spec->restart.window_ms = in.optional_integer(restart, "windowMs", 0, kMaxMs, 0);
  const Json* stop = in.object(root, "stop");
  spec->stop.signal = int(in.integer(stop, "signal", 1, 64));
  spec->stop.grace_ms = uint64_t(in.integer(stop, "graceMs", 0, kMaxMs));
  const Json* health = in.optional_object(root, "health");
  if (!health) return;
  spec->health.command = in.strings(health, "command");
  spec->health.interval_ms = uint64_t(in.integer(health, "intervalMs", 1, kMaxMs));
  spec->health.timeout_ms = uint64_t(in.integer(health, "timeoutMs", 1, kMaxMs));
  spec->health.retries = uint32_t(in.integer(health, "retries", 1, kMaxU32));
  spec->health.start_period_ms = uint64_t(in.integer(health, "startPeriodMs", 0, kMaxMs));
  spec->health.start_interval_ms = uint64_t(in.integer(health, "startIntervalMs", 1, kMaxMs));
  if (spec->health.command.count == 0) in.refuse("command", "is empty");
}

Error parse_monitor(const Json* root, Arena& arena, Spec* spec) {
  static const char* const kOnEnd[] = {"keep", "remove", nullptr};
  Decoder in("monitor.json", arena);
  if (in.integer(root, "version", 1, INT64_MAX) > kVersion) in.refuse("version", "is newer than this tcrun");
  parse_id(in, root, spec);
  spec->name = in.string(root, "name");
  spec->table = in.string(root, "table");
  spec->bundle = in.absolute_path(root, "bundle");
  spec->run_dir = in.absolute_path(root, "runDir");
  spec->own_pid_namespace = in.boolean(root, "ownPidNamespace", true);
  parse_root(in, in.object(root, "root"), &spec->root);
  spec->secrets = in.list<SecretSpec>(
      root, "secrets", [&](const Json* item, SecretSpec* secret) { parse_secret(in, item, secret); });
  spec->mounted_volumes = in.strings(root, "mountedVolumes");
  parse_cgroup(in, in.object(root, "cgroup"), &spec->cgroup);
  spec->joins =
      in.list<JoinSpec>(root, "joins", [&](const Json* item, JoinSpec* join) { parse_join(in, item, join); });
  parse_runtime(in, in.optional_object(root, "runtime"), &spec->runtime);
  parse_seccomp(in, in.optional_object(root, "seccomp"), &spec->seccomp);
  spec->user = in.optional_string(root, "user");
  spec->group_add = in.strings(root, "groupAdd");
  spec->init = in.boolean(root, "init", false);
  spec->stdin_open = in.boolean(root, "stdinOpen", false);
  parse_log(in, in.object(root, "log"), &spec->log);
  parse_events(in, in.optional_object(root, "events"), &spec->events);
  parse_life(in, root, spec);
  parse_network(in, in.object(root, "network"), &spec->network);
  spec->remove_on_end = in.word(root, "onEnd", kOnEnd) == 1;
  return in.error();
}

using ParseRoot = Error (*)(const Json* root, Arena& arena, Spec* spec);

Error parse_file(int bundle, const char* name, Arena& arena, Spec* spec, ParseRoot parse) {
  Arena scratch;
  Bytes bytes;
  const Json* root = nullptr;
  Error error = read_file(bundle, name, kMaxFile, scratch, &bytes);
  if (error) return error;
  error = parse_json(bytes.data, bytes.length, scratch, &root);
  if (error) return fail_with(EPROTO, "spec", "parse", name);
  return parse(root, arena, spec);
}

}  // namespace

Error parse_spec(int bundle, Arena& arena, Spec* spec) {
  Error error = parse_file(bundle, "monitor.json", arena, spec, parse_monitor);
  if (error) return error;
  return parse_file(bundle, "config.json", arena, spec, [](const Json* root, Arena& memory, Spec* result) {
    return parse_oci(root, memory, &result->oci);
  });
}

}  // namespace tc
