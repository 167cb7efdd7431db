// How the archive roles lock themselves up before they read what strangers wrote: no path out of one directory, no
// system call and no capability beyond files.
#pragma once
#include "../common/error.h"

namespace tc {

// Makes the directory open as `directory` the root of a mount namespace of its own and replaces the descriptor's number
// by one that refers to it in there. Dies with the process that started it.
Error enter_directory(int directory);

// Keeps the capabilities that making files of any owner and kind takes, for good.
Error keep_file_capabilities();

// Only reading, writing and describing files, and memory, from here on; anything else fails with ENOSYS.
Error allow_file_calls_only();

}  // namespace tc
