// One call of another OCI runtime: `COMMAND... VERB...`, run to its end.
#pragma once
#include "../common/fd.h"
#include "spec.h"

namespace tc {

// The step of errors that another runtime gives the reason of.
constexpr char kRuntimeStep[] = "runtime";

struct Verb {
  List<const char*> words;
  int stdio[3] = {-1, -1, -1};  // -1: /dev/null; of the errors, the file `errors`
};

// In the stage, whose directory is the current one. Why it failed is what the runtime wrote into its log last; ETIMEDOUT if
// it did not end in time, and it is killed then. ENOENT, EACCES: of the program that the container should execute.
Error run_verb(const Spec& spec, const Verb& verb, int null);
// The process whose pid it wrote into the file `pid`.
Error open_pid_file(const Spec& spec, Fd* pidfd);

// Where it sends the master of a terminal: a socket `console` in the current directory.
Error listen_console(Fd* listener);
Error accept_console(int listener, Fd* master);

// Fills in what is missing of an error from what the runtime left in the pipe of the container's standard error.
void explain_by_output(int pipe, Error* error);

}  // namespace tc
