// What a network of the file asks its driver for: `driver` and `driver_opts`, in Docker's names. Pure. Source: the
// options of Docker's bridge, macvlan and ipvlan drivers (docs.docker.com, Network drivers).

import { type SourcePosition, TcError } from '../../base/error.ts';
import type { Warning } from '../../base/warning.ts';
import type { NetworkConfig, StringMap } from '../../project/model.ts';
import type { LinkSpec } from '../../runtime/monitor-spec.ts';

export interface NetworkOptions {
  readonly mtu: number;
  /** Name of the bridge in the host; absent: derived from the network's id. */
  readonly bridge?: string;
  readonly masquerade: boolean;
  /** Containers of the network reach each other. */
  readonly communicates: boolean;
  /** Where ports are published that name no host address. */
  readonly bindAddresses?: readonly string[];
  /** Interfaces in containers are called so, with a number; absent: `eth`. */
  readonly interfacePrefix?: string;
  /** Containers have links below one of the host's instead of a bridge of ours. */
  readonly parent?: { readonly link: string; readonly kind: LinkSpec };
  /** What the file says and nothing here can honour. */
  readonly ignored: readonly Warning[];
}

const DEFAULT_MTU = 1500;
/** linux/if.h, IFNAMSIZ. */
const LONGEST_INTERFACE_NAME = 15;

const BRIDGE = 'com.docker.network.bridge.';

const MTU = 'com.docker.network.driver.mtu';
const INTERFACE_PREFIX = 'com.docker.network.container_iface_prefix';
const COMMON_OPTIONS = [MTU, INTERFACE_PREFIX];
const BRIDGE_OPTIONS = [
  ...COMMON_OPTIONS,
  ...['name', 'enable_ip_masquerade', 'enable_icc', 'host_binding_ipv4'].map((name) => `${BRIDGE}${name}`),
];
const MACVLAN_OPTIONS = [...COMMON_OPTIONS, 'parent', 'macvlan_mode'];
const IPVLAN_OPTIONS = [...COMMON_OPTIONS, 'parent', 'ipvlan_mode', 'ipvlan_flag'];

/** Where a part of the network is written: `driver`; `driver_opts`, NAME. */
export type Locate = (...path: string[]) => SourcePosition | undefined;

interface Request {
  readonly config: NetworkConfig;
  readonly options: StringMap;
  readonly locate: Locate;
}

/** Throws for what nothing here can do; what can be done without is among `ignored`. */
export function parseNetworkOptions(config: NetworkConfig, locate: Locate = () => undefined): NetworkOptions {
  const { driver = 'bridge' } = config;
  const request = { config, options: config.driver_opts ?? {}, locate };
  const options = parseDriver(request, driver);
  const ignored = [...options.ignored, ...findIgnoredIpam(request)];
  return { ...options, ignored };
}

function parseDriver(request: Request, driver: string): NetworkOptions {
  switch (driver) {
    case 'bridge':
    case 'default':
      return parseBridge(request, []);
    case 'overlay':
      return parseBridge(request, [
        warn(request, ['driver'], '"overlay" spans several hosts; there is one, and the network is a bridge'),
      ]);
    case 'macvlan':
      return parseBelow(request, MACVLAN_OPTIONS, macvlanMode(request));
    case 'ipvlan':
      return parseBelow(request, IPVLAN_OPTIONS, ipvlanMode(request));
    case 'host':
    case 'none':
      throw refuse(
        request,
        ['driver'],
        `"${driver}" makes no network`,
        `give the services network_mode: ${driver}`,
      );
    default:
      throw refuse(request, ['driver'], `there is no driver "${driver}"`, 'use bridge, macvlan or ipvlan');
  }
}

function findIgnoredIpam(request: Request): Warning[] {
  const { driver = 'default', options = {} } = request.config.ipam ?? {};
  return [
    ...(driver === 'default'
      ? []
      : [warn(request, ['ipam', 'driver'], `"${driver}": addresses are given here`)]),
    ...Object.keys(options).map((name) => warn(request, ['ipam', 'options', name], 'it is not known here')),
  ];
}

function parseBridge(request: Request, ignored: readonly Warning[]): NetworkOptions {
  const { options, config } = request;
  const name = `${BRIDGE}name`;
  const bridge = options[name];
  const binding = options[`${BRIDGE}host_binding_ipv4`];
  return {
    ...parseCommon(request, BRIDGE_OPTIONS, ignored),
    ...(bridge ? { bridge: interfaceName(request, name, bridge) } : {}),
    masquerade: !config.internal && flag(request, `${BRIDGE}enable_ip_masquerade`),
    communicates: flag(request, `${BRIDGE}enable_icc`),
    ...(binding ? { bindAddresses: [binding] } : {}),
  };
}

function parseBelow(request: Request, known: readonly string[], kind: LinkSpec): NetworkOptions {
  const { parent } = request.options;
  if (parent === undefined) {
    throw refuse(
      request,
      ['driver'],
      `"${kind.type}" needs a link of the host to stand on`,
      'name it in driver_opts: {parent: eth0}',
    );
  }
  return {
    ...parseCommon(request, known, []),
    masquerade: false,
    communicates: true,
    parent: { link: interfaceName(request, 'parent', parent), kind },
  };
}

function parseCommon(
  request: Request,
  known: readonly string[],
  ignored: readonly Warning[],
): Pick<NetworkOptions, 'mtu' | 'interfacePrefix' | 'ignored'> {
  const prefix = request.options[INTERFACE_PREFIX];
  const unknown = Object.keys(request.options).filter((name) => !known.includes(name));
  return {
    mtu: parseMtu(request),
    ...(prefix ? { interfacePrefix: interfaceName(request, INTERFACE_PREFIX, prefix) } : {}),
    ignored: [
      ...ignored,
      ...unknown.map((name) => warn(request, ['driver_opts', name], 'it is not known here')),
    ],
  };
}

/** IPv4 needs 68 at least (RFC 791), IPv6 1,280 (RFC 8200). */
function parseMtu(request: Request): number {
  const text = request.options[MTU];
  if (text === undefined) return DEFAULT_MTU;
  const least = request.config.enable_ipv6 ? 1280 : 68;
  if (/^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= 65535) return Number(text);
  throw refuseOption(request, MTU, `"${text}" is not an MTU`, `write a number from ${least} to 65535`);
}

/** Set unless it is turned off. Spellings: Go's strconv.ParseBool. */
function flag(request: Request, name: string): boolean {
  const text = request.options[name] ?? 'true';
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw refuseOption(request, name, `"${text}" is neither true nor false`, 'write "true" or "false"');
}

function interfaceName(request: Request, option: string, text: string): string {
  const isName = /^[^\s/:]+$/.test(text) && text !== '.' && text !== '..';
  if (isName && text.length <= LONGEST_INTERFACE_NAME) return text;
  throw refuseOption(
    request,
    option,
    `"${text}" is not the name of a network interface`,
    `use at most ${LONGEST_INTERFACE_NAME} characters, none of them a space, a colon or a slash`,
  );
}

const MACVLAN_MODES = ['bridge', 'private', 'vepa', 'passthru'] as const;
const IPVLAN_MODES = ['l2', 'l3', 'l3s'] as const;

function macvlanMode(request: Request): LinkSpec {
  return { type: 'macvlan', mode: among(request, 'macvlan_mode', MACVLAN_MODES) };
}

function ipvlanMode(request: Request): LinkSpec {
  return { type: 'ipvlan', mode: among(request, 'ipvlan_mode', IPVLAN_MODES) };
}

function among<T extends string>(request: Request, option: string, modes: readonly T[]): T {
  const text = request.options[option] ?? modes[0];
  const found = modes.find((mode) => mode === text);
  if (found) return found;
  throw refuseOption(request, option, `there is no mode "${text}"`, `use ${modes.join(', ')}`);
}

function refuseOption(request: Request, option: string, message: string, hint: string): TcError {
  return refuse(request, ['driver_opts', option], message, hint);
}

function refuse({ config, locate }: Request, path: string[], message: string, hint: string): TcError {
  const source = locate(...path);
  return new TcError(`network ${config.name}: ${path.join('.')}: ${message}`, {
    code: 'network-driver',
    hints: [hint],
    ...(source === undefined ? {} : { source }),
  });
}

function warn({ config, locate }: Request, path: string[], why: string): Warning {
  const source = locate(...path);
  return {
    code: 'attribute-ignored',
    message: `network ${config.name}: ${path.join('.')} has no effect: ${why}`,
    ...(source === undefined ? {} : { source }),
  };
}
