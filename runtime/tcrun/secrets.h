// Files that exist in memory only: each life of the container gets them anew, on a tmpfs of its own mount namespace, from
// a descriptor that the monitor keeps.
#pragma once
#include "../common/fd.h"
#include "spec.h"

namespace tc {

// A tmpfs over `directory`, in the calling mount namespace, which never goes to swap where the kernel can promise that.
Error mount_memory(const char* directory);
// Makes the files `<directory>/0`, `<directory>/1`, ... `contents` as below.
Error write_secrets(const Spec& spec, int contents, const char* directory);

// Makes the files on a tmpfs over the spec's run directory, in the calling mount namespace, and takes hold of each:
// `files` has one entry for every secret. `contents`: for each secret its length (eight bytes, little-endian), then that
// many bytes.
Error open_secrets(const Spec& spec, int contents, Fd* files);
// Attaches them to their targets below `root`, read-only.
Error attach_secrets(List<SecretSpec> secrets, Fd* files, int root);

}  // namespace tc
