// Kernel parameters that a container may have of its own: those of its namespaces.

const IPC = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

export interface Isolation {
  readonly ownNetwork: boolean;
  readonly ownIpc: boolean;
}

/** Why `name` cannot be set, or undefined if it can. */
export function explainSysctl(name: string, { ownNetwork, ownIpc }: Isolation): string | undefined {
  if (!/^[a-z0-9_]+([./][A-Za-z0-9_-]+)+$/.test(name)) return 'is not the name of a kernel parameter';
  const dotted = name.replaceAll('/', '.');
  if (dotted.startsWith('net.')) return ownNetwork ? undefined : 'would change the network of the host';
  if (IPC.has(dotted) || dotted.startsWith('fs.mqueue.')) {
    return ownIpc ? undefined : 'would change the host, whose IPC namespace the service uses';
  }
  return 'belongs to the whole host, not to a container';
}

/** Ping and low ports need no capability inside, since the container's network is its own. As Docker sets them. */
const NETWORK_DEFAULTS: Readonly<Record<string, string>> = {
  'net.ipv4.ping_group_range': '0 2147483647',
  'net.ipv4.ip_unprivileged_port_start': '0',
};

export function resolveSysctls(
  requested: Readonly<Record<string, string>>,
  newNetwork: boolean,
): Readonly<Record<string, string>> {
  return { ...(newNetwork ? NETWORK_DEFAULTS : {}), ...requested };
}
