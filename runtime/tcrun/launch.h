// The roles of this executable, by its first argument.
#pragma once

namespace tc {

// `tcrun monitor <bundle> <number of sockets> [--netns]`: see docs/runtime-protocol.md, "Start".
int launch_monitor(int argc, char** argv);
// The same, already running from the sealed view; `executable` is a descriptor of it.
int launch_sealed_monitor(int argc, char** argv);
// `tcrun init <path> <argv...>`: the first process of a container with `init: true`.
int run_init(int argc, char** argv);

}  // namespace tc
