// The socket between the monitor and a process on its way to execve(2): a SOCK_SEQPACKET pair, one packet per message. End of
// file on the monitor's side means that execve succeeded and closed the other.
#pragma once
#include "../common/error.h"
#include "../common/fd.h"

namespace tc {

Error make_sync(Fd* monitor, Fd* child);

// Child: says why it cannot go on; the process ends next.
void send_failure(int sync, const Error& error);
// Child: passes a descriptor (a pty's master).
Error send_descriptor(int sync, int fd);
// Child: waits until the monitor has done its part. An error means that the monitor is gone.
Error await_go(int sync);

// Monitor: lets the child go on.
void send_go(int sync);
// Monitor: a descriptor, a failure (`error`), or end of file (neither).
enum class SyncMessage : uint8_t { Executed, Failed, Descriptor };
SyncMessage receive_sync(int sync, Error* error, Fd* fd);

}  // namespace tc
