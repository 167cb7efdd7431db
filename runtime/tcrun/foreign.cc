// Containers that another OCI runtime makes: from their birth to their end.
#include "foreign.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>

#include "../common/text.h"
#include "clone.h"
#include "process.h"
#include "stage.h"
#include "sync.h"
#include "terminal.h"

namespace tc {

namespace {

// The terminal comes with the container, and with it the end that the monitor reads.
Error pass_terminal(const StartContext& context, int listener) {
  Fd master;
  Error error = accept_console(listener, &master);
  if (error) return error;
  resize_terminal(master.get(), context.host.rows, context.host.columns);
  return send_descriptor(context.sync, Passed::Terminal, master.get());
}

Error create(const StartContext& context) {
  const Spec& spec = *context.host.spec;
  bool has_terminal = spec.oci.process.terminal;
  Fd listener;
  Error error = has_terminal ? listen_console(&listener) : Error{};
  Verb verb{spec.runtime.create};
  for (int i = 0; i < 3 && !has_terminal; i++) verb.stdio[i] = context.stdio[i];
  if (error.ok()) error = run_verb(spec, verb, context.host.null);
  return error.ok() && has_terminal ? pass_terminal(context, listener.get()) : error;
}

Error start(const StartContext& context, Fd* first) {
  const Spec& spec = *context.host.spec;
  Error error = open_pid_file(spec, first);
  if (error.ok()) error = await_go(context.sync);
  return error ? error : run_verb(spec, {spec.runtime.start}, context.host.null);
}

}  // namespace

Error run_foreign(const StartContext& context) {
  const Spec& spec = *context.host.spec;
  begin_child();
  // Whose parent has ended is this one's child, and later the monitor's: its end is not missed in between.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail("start", "prctl");
  Error error = write_oom_score(spec.oci.process, context.host.proc);
  if (error.ok()) error = join_keyring();
  if (error.ok()) error = attach_self(spec.runtime.attach, nullptr);
  if (error.ok()) error = build_stage(context);
  if (error.ok()) error = create(context);
  if (error) return error;
  Fd first;
  error = start(context, &first);
  if (error.ok()) error = send_descriptor(context.sync, Passed::Process, first.get());
  if (error.ok()) _exit(0);
  (void)run_verb(spec, {spec.runtime.remove}, context.host.null);
  return error;
}

void remove_foreign(const Host& host, Child& container) {
  pid_t pid = fork();
  if (pid == 0) {
    begin_child();
    if (enter_stage(host, container.stage.get()).ok()) (void)run_verb(*host.spec, {host.spec->runtime.remove}, host.null);
    _exit(0);
  }
  while (pid > 0 && waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  container.stage.reset();
}

void signal_foreign(const Host& host, const Child& container, int signal) {
  pid_t pid = fork();
  if (pid != 0) return;
  begin_child();
  const List<const char*>& kill = host.spec->runtime.kill;
  Arena arena;
  const char** words = arena.make<const char*>(kill.count + 1);
  for (size_t i = 0; i < kill.count; i++) words[i] = kill[i];
  FixedText<8> number;
  number.number(signal);
  words[kill.count] = number.c_str();
  if (enter_stage(host, container.stage.get()).ok()) (void)run_verb(*host.spec, {{words, kill.count + 1}}, host.null);
  _exit(0);
}

}  // namespace tc
