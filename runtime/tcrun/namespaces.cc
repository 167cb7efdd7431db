// Network and user namespace: made once, kept through restarts, or those of a container that this one shares something
// with.
#include "monitor.h"
#include "user_namespace.h"

namespace tc {

namespace {

Error join_network(Monitor& monitor) {
  const char* control = monitor.spec.network.join_control;
  if (!control) return fail_with(EINVAL, "network", "connect", "joinControl");
  return fetch_netns(control, &monitor.netns);
}

// Only who is in the user namespace that owns another one has rights in that: processes come first, then the network.
Error find_shared_owner(Monitor& monitor) {
  JoinedNamespaces joined;
  Error error = fetch_namespaces(monitor.spec.joins, &joined);
  if (error) return error;
  for (const Fd* space : {&joined.pid, &monitor.netns, &joined.ipc, &joined.uts}) {
    if (*space) return open_owner(space->get(), &monitor.userns);
  }
  return {};
}

Error make_missing(Monitor& monitor) {
  bool needs_network = !monitor.netns && monitor.spec.network.mode != NetworkMode::Host;
  if (monitor.spec.oci.is_remapped()) {
    if (monitor.userns && !needs_network) return {};
    return make_namespaces(monitor.host, needs_network, &monitor.userns, &monitor.netns);
  }
  if (!needs_network) return {};
  int fd = -1;
  Error error = make_network_namespace(&fd);
  monitor.netns.reset(fd);
  return error;
}

}  // namespace

Error open_namespaces(Monitor& monitor) {
  Error error;
  if (!monitor.netns && monitor.spec.network.mode == NetworkMode::Join) error = join_network(monitor);
  if (error.ok() && monitor.spec.oci.is_remapped()) error = find_shared_owner(monitor);
  if (error.ok()) error = make_missing(monitor);
  if (monitor.userns) monitor.host.userns = monitor.userns.get();
  return error;
}

}  // namespace tc
