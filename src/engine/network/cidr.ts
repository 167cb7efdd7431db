// IP addresses and subnets as numbers: parsing, formatting, containment. Pure.

// node:net's own tests compile a pattern that costs milliseconds on first use.
import { isIpv4, isIpv6 } from '../../base/ip.ts';

export interface Subnet {
  readonly version: 4 | 6;
  /** The first address. */
  readonly base: bigint;
  readonly prefix: number;
}

function addressBits(version: 4 | 6): number {
  return version === 4 ? 32 : 128;
}

export function subnetSize(subnet: Subnet): bigint {
  return 1n << BigInt(addressBits(subnet.version) - subnet.prefix);
}

/** `10.1.2.3/22` is the subnet `10.1.0.0/22`; a bare address is a subnet of one. Undefined: it is neither. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined || rest.length > 0) return undefined;
  const bits = addressBits(parsed.version);
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return undefined;
  const host = BigInt(bits - prefix);
  return { version: parsed.version, base: (parsed.value >> host) << host, prefix };
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet.version, subnet.base)}/${subnet.prefix}`;
}

export function parseAddress(text: string): { version: 4 | 6; value: bigint } | undefined {
  if (isIpv4(text)) return { version: 4, value: parseGroups(text.split('.'), 8n, 10) };
  if (!isIpv6(text) || text.includes('%')) return undefined;
  return { version: 6, value: parseGroups(expandGroups(text), 16n, 16) };
}

export function formatAddress(version: 4 | 6, value: bigint): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  return compressZeros(groups);
}

export function containsAddress(subnet: Subnet, version: 4 | 6, value: bigint): boolean {
  return subnet.version === version && value >= subnet.base && value < subnet.base + subnetSize(subnet);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.version === b.version && a.base < b.base + subnetSize(b) && b.base < a.base + subnetSize(a);
}

function parseGroups(groups: readonly string[], width: bigint, radix: 10 | 16): bigint {
  const prefix = radix === 16 ? '0x' : '';
  return groups.reduce((value, group) => (value << width) | BigInt(prefix + group), 0n);
}

/** The eight groups of an IPv6 address that isIPv6 accepted, an embedded IPv4 tail included. */
function expandGroups(text: string): string[] {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (embedded?.[1] !== undefined && embedded[2] !== undefined) {
    const tail = parseGroups(embedded[2].split('.'), 8n, 10);
    return expandGroups(`${embedded[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`);
  }
  const [head = '', tail] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

/** RFC 5952: the longest run of at least two zero groups becomes `::`. */
function compressZeros(groups: readonly string[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === '0') length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
