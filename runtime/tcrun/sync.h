// The socket between the monitor and a process on its way to execve(2): a SOCK_SEQPACKET pair, one packet per message.
// End of file on the monitor's side means that execve succeeded and closed the other.
#pragma once
#include "../common/error.h"
#include "../common/fd.h"

namespace tc {

Error make_sync(Fd* monitor, Fd* child);

// Child: says why it cannot go on; the process ends next.
void send_failure(int sync, const Error& error);
// Child: passes an end of a pty, the pidfd of a process that it cloned for the monitor, or a mount.
enum class Passed : uint8_t { Terminal, Process, Mount };
Error send_descriptor(int sync, Passed what, int fd);
// Child: waits until the monitor has done its part. An error means that the monitor is gone.
Error await_go(int sync);

// Monitor: lets the child go on.
void send_go(int sync);
// Monitor: what the child said last. `Nothing`: no message yet (only without `wait`).
enum class SyncMessage : uint8_t { Executed, Failed, Terminal, Process, Mount, Nothing };
enum class Wait : bool { No, Yes };
SyncMessage receive_sync(int sync, Wait wait, Error* error, Fd* fd);

}  // namespace tc
