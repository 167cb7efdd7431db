// Everything of a container's first process that only the host can give, up to the root that it has.
#pragma once
#include "container.h"
#include "rootfs.h"

namespace tc {

struct StartContext {
  const Host& host;
  int netns;
  const JoinedNamespaces& joined;
  int sync;
  int stdio[3];               // -1: /dev/null
  const char* joined_cgroup;  // what clone3 put us into already
};

// Whether the container has one that is made for it.
bool is_new(const OciSpec& oci, int flag);
// CLONE_NEW... of those that come with the clone of its first process.
uint64_t clone_flags(const OciSpec& oci, const JoinedNamespaces& joined);

// Cgroups, namespaces of others, limits. Inherited by what is cloned next.
Error enter_host_side(const StartContext& context);
RootfsSources rootfs_sources(const StartContext& context);
// Names, root, sysctls, terminal (empty: none): for a process in all namespaces that they are of. Afterwards "/" is the
// container's.
Error assemble(const StartContext& context, RootfsDraft& draft, Fd* terminal);
// Standard input, output and error of a process without a terminal, whose root is `root`.
Error set_stdio(const StartContext& context, int root);

}  // namespace tc
