// Commands in a container whose namespaces nobody can enter, as its processes have a kernel of their own.
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>

#include "../common/file.h"
#include "../common/json_writer.h"
#include "capabilities.h"
#include "clone.h"
#include "foreign.h"
#include "process.h"
#include "secrets.h"
#include "stage.h"
#include "sync.h"
#include "terminal.h"
#include "user.h"

namespace tc {

namespace {

constexpr size_t kMaxProcess = 8 << 20;

void write_strings(JsonWriter& json, const char* key, List<const char*> items) {
  json.begin_array(key);
  for (const char* item : items) json.string(nullptr, item);
  json.end_array();
}

void write_capabilities(JsonWriter& json, const char* key, CapabilitySet set) {
  json.begin_array(key);
  for (int i = 0; capability_name(i); i++) {
    FixedText<40> name;
    name.add("CAP_").add(capability_name(i));
    if (set >> i & 1) json.string(nullptr, name.c_str());
  }
  json.end_array();
}

void write_user(JsonWriter& json, const User& user) {
  json.begin_object("user").number("uid", user.uid).number("gid", user.gid).begin_array("additionalGids");
  for (uint32_t group : user.groups) json.number(nullptr, group);
  json.end_array().end_object();
}

void write_limits(JsonWriter& json, List<RlimitSpec> limits) {
  json.begin_array("rlimits");
  for (const RlimitSpec& limit : limits) {
    json.begin_object().string("type", limit.name);
    json.number("soft", int64_t(limit.soft)).number("hard", int64_t(limit.hard)).end_object();
  }
  json.end_array();
}

// The OCI process: the container's own, with what is asked for in place.
Error write_process(const Spec& spec, const JoinRequest& request, const User& user, CapabilitySet all) {
  const ProcessSpec& own = spec.oci.process;
  CapabilitySpec held = own.capabilities;
  if (request.privileged) held = {all, all, all, 0, 0};
  Arena arena;
  Text text(arena.make<char>(kMaxProcess), kMaxProcess);
  JsonWriter json(text);
  json.begin_object().boolean("terminal", request.terminal);
  // The command runs by the time that its terminal is here.
  if (request.terminal && request.rows && request.columns) {
    json.begin_object("consoleSize").number("height", request.rows).number("width", request.columns).end_object();
  }
  write_user(json, user);
  write_strings(json, "args", request.args);
  write_strings(json, "env", request.env);
  json.string("cwd", request.cwd).boolean("noNewPrivileges", own.no_new_privileges);
  json.begin_object("capabilities");
  write_capabilities(json, "bounding", held.bounding);
  write_capabilities(json, "effective", held.effective);
  write_capabilities(json, "permitted", held.permitted);
  json.end_object();
  write_limits(json, own.rlimits);
  if (own.has_oom_score_adj) json.number("oomScoreAdj", own.oom_score_adj);
  if (own.apparmor_profile) json.string("apparmorProfile", own.apparmor_profile);
  json.end_object();
  if (text.overflowed()) return fail_with(E2BIG, "exec", "write", request.args[0]);
  return replace_file(AT_FDCWD, "process", text.c_str(), text.length(), Durability::None);
}

Error find_user(const Spec& spec, const JoinRequest& request, Arena& arena, User* user) {
  Fd root(open("rootfs", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail("user", "open", "rootfs");
  const char* wanted = request.user ? request.user : spec.user;
  return resolve_user(root.get(), wanted, spec.oci.process, spec.group_add, arena, user);
}

// Several may be under way: the files of each are on a mount of its own, under the same names.
Error enter_own_directory(const Spec& spec) {
  Path directory;
  directory.add(spec.run_dir).add("/exec");
  if (unshare(CLONE_NEWNS) != 0) return fail("exec", "unshare", "mnt");
  Error error = mount_memory(directory.c_str());
  if (error.ok() && chdir(directory.c_str()) != 0) error = fail("exec", "chdir", directory.c_str());
  return error;
}

Error pass_terminal(const JoinRequest& request, int listener, int sync) {
  Fd master;
  Error error = accept_console(listener, &master);
  if (error) return error;
  resize_terminal(master.get(), request.rows, request.columns);
  return send_descriptor(sync, Passed::Terminal, master.get());
}

Error execute_in(const Spec& spec, const JoinRequest& request, int null, int sync) {
  Fd listener, process;
  Error error = request.terminal ? listen_console(&listener) : Error{};
  Verb verb{request.terminal ? spec.runtime.exec_terminal : spec.runtime.exec};
  for (int i = 0; i < 3 && !request.terminal; i++) verb.stdio[i] = request.stdio[i] >= 0 ? request.stdio[i] : null;
  if (error.ok()) error = run_verb(spec, verb, null);
  if (error.ok() && request.terminal) error = pass_terminal(request, listener.get(), sync);
  if (error.ok()) error = open_pid_file(spec, &process);
  return error ? error : send_descriptor(sync, Passed::Process, process.get());
}

}  // namespace

Error run_foreign_exec(const Host& host, const Child& container, const JoinRequest& request, int sync) {
  const Spec& spec = *host.spec;
  begin_child();
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail("start", "prctl");
  CapabilitySet all = 0;
  Error error = read_permitted(&all);
  if (error.ok()) error = write_oom_score(spec.oci.process, host.proc);
  if (error.ok()) error = enter_stage(host, container.stage.get());
  Arena arena;
  User user;
  if (error.ok()) error = find_user(spec, request, arena, &user);
  if (error.ok()) error = enter_own_directory(spec);
  if (error.ok()) error = write_process(spec, request, user, all);
  if (error.ok()) error = execute_in(spec, request, host.null, sync);
  // Whoever ended before he heard it would look like one that was killed.
  if (error.ok()) error = await_go(sync);
  if (error) return error;
  _exit(0);
}

}  // namespace tc
