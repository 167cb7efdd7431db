// What an instance calls its objects in the kernel. Names derive from ids, so that what a crash leaves behind can be
// told from everybody else's; the default instance has no id and writes `-` in its place.

export interface KernelNames {
  /** nftables table. */
  readonly table: string;
  /** Directory below each cgroup hierarchy's root. */
  readonly cgroupParent: string;
  bridge(networkId: string): string;
  /** The host's end of a container's n-th veth. */
  hostInterface(containerId: string, index: number): string;
  /** Whether a link is one of ours, and of which kind. */
  classifyLink(name: string): 'bridge' | 'veth' | undefined;
}

/** IFNAMSIZ is 16 with the terminating zero (linux/if.h). */
const NAME_LENGTH = 15;
const MAX_ENDPOINTS = 36;

export function createKernelNames(instanceId: string): KernelNames {
  const suffix = instanceId === '' ? '' : `-${instanceId}`;
  const mark = instanceId === '' ? '-' : instanceId;
  const bridgePrefix = `tc${mark}`;
  const vethPrefix = `tv${mark}`;
  const bridgeDigits = NAME_LENGTH - bridgePrefix.length;
  const vethDigits = NAME_LENGTH - vethPrefix.length - 1;
  const ours = (name: string, prefix: string) => name.startsWith(prefix) && name.length === NAME_LENGTH;
  return {
    table: `tcompose${suffix}`,
    cgroupParent: `tcompose${suffix}`,
    bridge: (networkId) => bridgePrefix + toBase36(networkId, bridgeDigits),
    hostInterface(containerId, index) {
      if (index >= MAX_ENDPOINTS) throw new RangeError(`a container joins at most ${MAX_ENDPOINTS} networks`);
      return vethPrefix + toBase36(containerId, vethDigits) + index.toString(36);
    },
    classifyLink(name) {
      if (ours(name, bridgePrefix)) return 'bridge';
      return ours(name, vethPrefix) ? 'veth' : undefined;
    },
  };
}

/** The first bits of a hex id as `digits` base-36 digits. */
function toBase36(id: string, digits: number): string {
  const value = BigInt(`0x${id.slice(0, 16)}`) % 36n ** BigInt(digits);
  return value.toString(36).padStart(digits, '0');
}
