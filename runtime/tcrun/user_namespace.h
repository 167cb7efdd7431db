// The user namespace of a remapped container: its ids as the host counts them, and how processes get in.
#pragma once
#include "container.h"

namespace tc {

// Unchanged without a map; UINT32_MAX: the container has no such id.
uint32_t host_id(List<IdMapping> map, uint32_t id);

// New namespaces, which live as long as their descriptors. `userns`: the one that is to own the network namespace;
// without, a new one with the spec's maps is made.
Error make_namespaces(const Host& host, bool with_network, Fd* userns, Fd* netns);
// The user namespace that owns another namespace. EXDEV: that is the host's.
Error open_owner(int space, Fd* userns);

// For a process with the host's privileges, which it keeps: what it makes belongs to the container's root.
Error act_as_root_of(const OciSpec& oci);
// In a user namespace that was entered: root of it, and nobody outside.
Error become_root();
// Enters and becomes its root. Nothing without one (-1).
Error enter_user_namespace(int userns);

}  // namespace tc
