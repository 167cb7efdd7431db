// One file as gzip (RFC 1952, RFC 1951), for logs that were set aside.
#pragma once
#include "../common/error.h"

namespace tc {

// Compresses the regular file `from` into `to`. The header's file name is `from`'s inode number in decimal: whoever was
// reading the file before knows it again.
Error compress_file(int from, int to, const char* path);

}  // namespace tc
