// config.json: the parts of the OCI runtime configuration that tcrun carries out. `linux.resources` and `linux.seccomp`
// are for other runtimes: tcrun takes both compiled, from monitor.json.
#include <sched.h>
#include <strings.h>
#include <sys/resource.h>

#include "capabilities.h"
#include "decoder.h"

namespace tc {

namespace {

struct Named {
  const char* name;
  int value;
};

constexpr Named kRlimits[] = {
    {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},   {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

constexpr Named kNamespaces[] = {
    {"pid", CLONE_NEWPID},     {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},
    {"ipc", CLONE_NEWIPC},     {"uts", CLONE_NEWUTS},     {"cgroup", CLONE_NEWCGROUP},
    {"user", CLONE_NEWUSER},
};

template <size_t N>
const Named* find_named(const Named (&table)[N], const char* name) {
  for (const Named& entry : table) {
    if (strcmp(entry.name, name) == 0) return &entry;
  }
  return nullptr;
}

CapabilitySet parse_capabilities(Decoder& in, const Json* capabilities, const char* name) {
  CapabilitySet set = 0;
  for (const char* capability : in.strings(capabilities, name)) {
    int number = capability_number(capability);
    if (number < 0) in.refuse(capability, "is not a capability known to this version");
    if (number >= 0) set |= CapabilitySet(1) << number;
  }
  return set;
}

List<uint32_t> parse_groups(Decoder& in, const Json* user) {
  const Json* array = user ? user->member("additionalGids") : nullptr;
  if (!array || array->type != JsonType::Array || array->length == 0) return {};
  uint32_t* gids = in.arena().make<uint32_t>(array->length);
  size_t i = 0;
  for (const Json* child = array->first; child; child = child->next) {
    if (!child->is_integer || child->integer < 0 || child->integer >= UINT32_MAX) in.refuse("additionalGids");
    gids[i++] = uint32_t(child->integer);
  }
  return {gids, i};
}

// RLIM_INFINITY is 2^64-1, which JavaScript can only round: whatever does not fit int64 means it.
uint64_t parse_limit(Decoder& in, const Json* limit, const char* name) {
  const Json* value = limit->member(name);
  return value && value->is_huge ? uint64_t(RLIM_INFINITY) : uint64_t(in.integer(limit, name, 0, INT64_MAX));
}

void parse_process(Decoder& in, const Json* json, ProcessSpec* process) {
  constexpr int64_t kMaxId = int64_t(UINT32_MAX) - 1;
  const Json* user = in.object(json, "user");
  process->terminal = in.boolean(json, "terminal", false);
  process->uid = uint32_t(in.integer(user, "uid", 0, kMaxId));
  process->gid = uint32_t(in.integer(user, "gid", 0, kMaxId));
  process->additional_gids = parse_groups(in, user);
  process->umask = int(in.optional_integer(user, "umask", 0, 0777, -1));
  process->args = in.strings(json, "args");
  process->env = in.strings(json, "env");
  process->cwd = in.absolute_path(json, "cwd");
  if (process->args.count == 0) in.refuse("args", "is empty");
  const Json* capabilities = in.optional_object(json, "capabilities");
  process->capabilities.bounding = parse_capabilities(in, capabilities, "bounding");
  process->capabilities.effective = parse_capabilities(in, capabilities, "effective");
  process->capabilities.permitted = parse_capabilities(in, capabilities, "permitted");
  process->capabilities.inheritable = parse_capabilities(in, capabilities, "inheritable");
  process->capabilities.ambient = parse_capabilities(in, capabilities, "ambient");
  process->rlimits = in.list<RlimitSpec>(json, "rlimits", [&](const Json* item, RlimitSpec* limit) {
    limit->name = in.string(item, "type");
    const Named* named = find_named(kRlimits, limit->name);
    if (!named) return in.refuse(limit->name, "is not a resource limit");
    limit->resource = named->value;
    limit->soft = parse_limit(in, item, "soft");
    limit->hard = parse_limit(in, item, "hard");
  });
  process->no_new_privileges = in.boolean(json, "noNewPrivileges", false);
  process->has_oom_score_adj = json && json->member("oomScoreAdj");
  process->oom_score_adj = int(in.optional_integer(json, "oomScoreAdj", -1000, 1000, 0));
  process->apparmor_profile = in.optional_string(json, "apparmorProfile");
}

List<IdMapping> parse_id_map(Decoder& in, const Json* json, const char* name) {
  constexpr int64_t kMaxId = int64_t(UINT32_MAX) - 1;
  bool has_root = false;
  List<IdMapping> map = in.list<IdMapping>(json, name, [&](const Json* item, IdMapping* mapping) {
    mapping->inside = uint32_t(in.integer(item, "containerID", 0, kMaxId));
    mapping->outside = uint32_t(in.integer(item, "hostID", 0, kMaxId));
    mapping->size = uint32_t(in.integer(item, "size", 1, kMaxId));
    has_root = has_root || mapping->inside == 0;
  });
  if (!has_root) in.refuse(name, "does not map the container's root");
  return map;
}

void parse_linux(Decoder& in, const Json* json, OciSpec* oci) {
  bool is_remapped = false;
  oci->namespaces = in.list<NamespaceSpec>(json, "namespaces", [&](const Json* item, NamespaceSpec* space) {
    const char* type = in.string(item, "type");
    const Named* named = find_named(kNamespaces, type);
    if (!named) return in.refuse(type, "is a namespace type that this version does not make");
    space->flag = named->value;
    space->path = in.optional_string(item, "path");
    is_remapped = is_remapped || space->flag == CLONE_NEWUSER;
  });
  if (is_remapped) {
    oci->uid_map = parse_id_map(in, json, "uidMappings");
    oci->gid_map = parse_id_map(in, json, "gidMappings");
  }
  oci->devices = in.list<DeviceSpec>(json, "devices", [&](const Json* item, DeviceSpec* device) {
    static const char* const kTypes[] = {"c", "b", nullptr};
    device->path = in.absolute_path(item, "path");
    device->type = *kTypes[in.word(item, "type", kTypes)];
    device->major = uint32_t(in.integer(item, "major", 0, 0xfff));
    device->minor = uint32_t(in.integer(item, "minor", 0, 0xfffff));
    device->mode = uint32_t(in.optional_integer(item, "fileMode", 0, 07777, 0666)) & 0777;
    device->uid = uint32_t(in.optional_integer(item, "uid", 0, UINT32_MAX, 0));
    device->gid = uint32_t(in.optional_integer(item, "gid", 0, UINT32_MAX, 0));
  });
  if (const Json* sysctl = in.optional_object(json, "sysctl"); sysctl && sysctl->length) {
    SysctlSpec* items = in.arena().make<SysctlSpec>(sysctl->length);
    size_t i = 0;
    for (const Json* child = sysctl->first; child; child = child->next) {
      items[i++] = {in.arena().copy(child->key), in.string(sysctl, child->key)};
    }
    oci->sysctl = {items, i};
  }
  oci->masked_paths = in.strings(json, "maskedPaths");
  oci->readonly_paths = in.strings(json, "readonlyPaths");
}

}  // namespace

Error parse_oci(const Json* root, Arena& arena, OciSpec* oci) {
  Decoder in("config.json", arena);
  const char* version = in.string(root, "ociVersion");
  if (strncmp(version, "1.", 2) != 0) in.refuse("ociVersion", "is not 1.x");
  parse_process(in, in.object(root, "process"), &oci->process);
  oci->root_readonly = in.boolean(in.optional_object(root, "root"), "readonly", false);
  oci->hostname = in.optional_string(root, "hostname");
  oci->domainname = in.optional_string(root, "domainname");
  oci->mounts = in.list<MountSpec>(root, "mounts", [&](const Json* item, MountSpec* mount) {
    mount->destination = in.absolute_path(item, "destination");
    mount->type = in.string(item, "type");
    mount->source = in.string(item, "source");
    mount->options = in.strings(item, "options");
  });
  parse_linux(in, in.object(root, "linux"), oci);
  return in.error();
}

}  // namespace tc
