// Address management: which subnet a network gets, which slot and addresses a container gets. Pure: what is taken
// comes in, what is chosen goes out; the caller holds the locks.

import { TcError } from '../../base/error.ts';
import { sha256 } from '../../base/sha256.ts';
import type { NetworkConfig } from '../../project/model.ts';
import type { SubnetRecord } from '../record/network-record.ts';
import {
  containsAddress,
  formatAddress,
  formatSubnet,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
  subnetSize,
} from './cidr.ts';

/** Subnets of `size` bits are cut from `base`. */
export interface AddressPool {
  readonly base: string;
  readonly size: number;
}

/**
 * A /22 has 1,021 endpoints, about what a bridge carries. The pools stay clear of 172.17-172.19 (Docker's first), of
 * 172.31 (a common cloud default whose other subnets no local route shows), and end with two that VPNs seldom claim.
 */
export const DEFAULT_POOLS: readonly AddressPool[] = [
  { base: '172.24.0.0/14', size: 22 },
  { base: '172.20.0.0/14', size: 22 },
  { base: '10.208.0.0/12', size: 22 },
  { base: '192.168.192.0/18', size: 22 },
];

/** `172.24.0.0/14:22,10.9.0.0/16:24`. */
export function parsePools(text: string): AddressPool[] {
  return text.split(',').map((part) => {
    const [base = '', size = ''] = part.trim().split(':');
    const subnet = parseSubnet(base);
    const bits = Number(size);
    if (subnet?.version !== 4 || !(bits >= subnet.prefix && bits <= 29)) {
      throw new TcError(`TCOMPOSE_ADDRESS_POOLS: "${part}" is not an IPv4 pool`, {
        code: 'address-pool',
        hints: ['write BASE/PREFIX:SIZE, for example 172.24.0.0/14:22'],
      });
    }
    return { base: formatSubnet(subnet), size: bits };
  });
}

/** The subnets of a network: the configured ones, else one from the pools; and a ULA /64 if it has IPv6. */
export function allocateSubnets(
  config: NetworkConfig,
  networkId: string,
  pools: readonly AddressPool[],
  taken: readonly string[],
): SubnetRecord[] {
  const used = taken.map(parseSubnet).filter((subnet) => subnet !== undefined);
  const chosen = (config.ipam?.config ?? [])
    .filter((entry) => entry.subnet !== undefined)
    .map((entry) => configuredSubnet(config.name, entry, used));
  const has = (version: 4 | 6) => chosen.some((entry) => parseSubnet(entry.subnet)?.version === version);
  if (config.enable_ipv4 !== false && !has(4)) chosen.unshift(pooledSubnet(config.name, pools, used));
  if (config.enable_ipv6 === true && !has(6)) chosen.push(describeSubnet(localSubnet(networkId), false));
  return chosen;
}

function pooledSubnet(name: string, pools: readonly AddressPool[], used: readonly Subnet[]): SubnetRecord {
  for (const pool of pools) {
    const free = firstFreeSubnet(pool, used);
    if (free) return describeSubnet(free, false);
  }
  throw new TcError(
    `network ${name}: every subnet of the address pools is taken (${pools.map((pool) => pool.base).join(', ')})`,
    {
      code: 'address-pool-exhausted',
      kind: 'environment',
      hints: [
        'remove networks that are no longer used (`tcompose ls -a`, `tcompose down`)',
        'or give this one a subnet: networks.<key>.ipam.config[0].subnet',
        'or set TCOMPOSE_ADDRESS_POOLS, for example 10.64.0.0/12:22',
      ],
    },
  );
}

/** Skips from one overlap to its end, so that a host route over the whole pool costs one step. */
function firstFreeSubnet(pool: AddressPool, used: readonly Subnet[]): Subnet | undefined {
  const whole = parseSubnet(pool.base);
  if (whole === undefined) return undefined;
  const step = 1n << BigInt(32 - pool.size);
  const end = whole.base + subnetSize(whole);
  let base = whole.base;
  while (base < end) {
    const candidate: Subnet = { version: 4, base, prefix: pool.size };
    const clash = used.find((other) => overlaps(candidate, other));
    if (clash === undefined) return candidate;
    const after = clash.base + subnetSize(clash);
    const next = ((after + step - 1n) / step) * step;
    base = next > base ? next : base + step;
  }
  return undefined;
}

type ConfiguredSubnet = NonNullable<NonNullable<NetworkConfig['ipam']>['config']>[number];

function configuredSubnet(name: string, entry: ConfiguredSubnet, used: readonly Subnet[]): SubnetRecord {
  const subnet = parseSubnet(entry.subnet ?? '');
  if (subnet === undefined) throw invalid(name, `"${entry.subnet}" is not a subnet`);
  const clash = used.find((other) => overlaps(subnet, other));
  if (clash) {
    throw invalid(
      name,
      `subnet ${entry.subnet} overlaps ${formatSubnet(clash)}, which the host already uses`,
    );
  }
  const record = describeSubnet(subnet, true);
  const inside = (address: string) => {
    const parsed = parseAddress(address);
    if (parsed && containsAddress(subnet, parsed.version, parsed.value)) return address;
    throw invalid(name, `${address} is not an address of ${entry.subnet}`);
  };
  return {
    ...record,
    gateway: entry.gateway === undefined ? record.gateway : inside(entry.gateway),
    reserved: Object.values(entry.aux_addresses ?? {}).map(inside),
    ...(entry.ip_range === undefined ? {} : { range: innerRange(name, subnet, entry.ip_range) }),
  };
}

function innerRange(name: string, subnet: Subnet, text: string): string {
  const range = parseSubnet(text);
  if (range && range.prefix >= subnet.prefix && containsAddress(subnet, range.version, range.base)) {
    return formatSubnet(range);
  }
  throw invalid(name, `ip_range ${text} is not a part of ${formatSubnet(subnet)}`);
}

function describeSubnet(subnet: Subnet, configured: boolean): SubnetRecord {
  return {
    subnet: formatSubnet(subnet),
    gateway: formatAddress(subnet.version, subnet.base + 1n),
    reserved: [],
    configured,
  };
}

/** RFC 4193: fd and forty bits of our own choice. */
function localSubnet(networkId: string): Subnet {
  const digest = Buffer.from(sha256(networkId), 'hex');
  const bits = (0xfdn << 40n) | BigInt(`0x${digest.subarray(0, 5).toString('hex')}`);
  return { version: 6, base: bits << 80n, prefix: 64 };
}

export interface TakenLeases {
  readonly slots: ReadonlySet<number>;
  readonly addresses: ReadonlySet<string>;
  /** Of the addresses those that may be asked for all the same: a container has its predecessor's before that is gone. */
  readonly inherited?: ReadonlySet<string>;
}

export interface LeaseRequest {
  readonly network: string;
  readonly subnets: readonly SubnetRecord[];
  readonly taken: TakenLeases;
  readonly ipv4?: string;
  readonly ipv6?: string;
}

export interface Lease {
  readonly slot: number;
  readonly ipv4?: string;
  readonly ipv6?: string;
}

/** The lowest free slot and addresses, or the addresses that were asked for. */
export function allocateLease(request: LeaseRequest): Lease {
  let slot = 0;
  while (request.taken.slots.has(slot)) slot += 1;
  const ipv4 = allocateAddress(request, 4, request.ipv4);
  const ipv6 = allocateAddress(request, 6, request.ipv6);
  return { slot, ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

function allocateAddress(
  request: LeaseRequest,
  version: 4 | 6,
  wanted: string | undefined,
): string | undefined {
  const candidates = request.subnets.filter((entry) => parseSubnet(entry.subnet)?.version === version);
  if (wanted !== undefined) return staticAddress(request, candidates, version, wanted);
  for (const entry of candidates) {
    const address = firstFreeAddress(entry, request.taken.addresses);
    if (address !== undefined) return address;
  }
  if (candidates.length === 0) return undefined;
  throw new TcError(`network ${request.network} has no free address left in ${listSubnets(candidates)}`, {
    code: 'network-full',
    kind: 'environment',
    hints: ['give the network a larger subnet: networks.<key>.ipam.config[0].subnet'],
  });
}

function staticAddress(
  request: LeaseRequest,
  candidates: readonly SubnetRecord[],
  version: 4 | 6,
  wanted: string,
): string {
  const parsed = parseAddress(wanted);
  if (parsed?.version !== version)
    throw invalid(request.network, `"${wanted}" is not an IPv${version} address`);
  const address = formatAddress(version, parsed.value);
  const entry = candidates.find(({ subnet }) => {
    const range = parseSubnet(subnet);
    return range !== undefined && containsAddress(range, version, parsed.value);
  });
  if (entry === undefined || !entry.configured) {
    const where = entry === undefined ? 'not in a subnet' : 'in a subnet that the file does not fix';
    throw invalid(
      request.network,
      `${address} is ${where} of the network (${listSubnets(candidates)}); fix it with ipam.config[0].subnet`,
    );
  }
  if (address === entry.gateway) throw invalid(request.network, `${address} is the gateway's address`);
  const { addresses, inherited } = request.taken;
  if (addresses.has(address) && !inherited?.has(address)) {
    throw invalid(request.network, `${address} is already leased`);
  }
  return address;
}

function firstFreeAddress(entry: SubnetRecord, taken: ReadonlySet<string>): string | undefined {
  const range = parseSubnet(entry.range ?? entry.subnet);
  const subnet = parseSubnet(entry.subnet);
  if (range === undefined || subnet === undefined) return undefined;
  const broadcast = subnet.version === 4 ? subnet.base + subnetSize(subnet) - 1n : -1n;
  const end = range.base + subnetSize(range);
  for (let value = range.base; value < end; value += 1n) {
    if (value === subnet.base || value === broadcast) continue;
    const address = formatAddress(subnet.version, value);
    if (address === entry.gateway || entry.reserved.includes(address) || taken.has(address)) continue;
    return address;
  }
  return undefined;
}

function listSubnets(entries: readonly SubnetRecord[]): string {
  return entries.map((entry) => entry.subnet).join(', ') || 'none';
}

function invalid(network: string, message: string): TcError {
  return new TcError(`network ${network}: ${message}`, { code: 'network-address' });
}
