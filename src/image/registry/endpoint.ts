// Where a registry is asked. Pure: from the name in a reference and the settings to base URLs in the order of trying.

import { TcError } from '../../base/error.ts';
import type { RegistrySettings } from './settings.ts';

export interface Endpoint {
  /** Without a trailing slash: `https://registry-1.docker.io`, `https://mirror.example/prefix`. */
  readonly base: string;
  /** The host and port that credentials and certificates are filed under. */
  readonly host: string;
  /** A certificate that cannot be verified is accepted. */
  readonly isInsecure: boolean;
  readonly isMirror: boolean;
}

/** What `docker.io` is called where its API is. */
const dockerHub = 'registry-1.docker.io';

export function listEndpoints(
  domain: string,
  settings: RegistrySettings,
  use: 'pull' | 'push',
): readonly Endpoint[] {
  const mirrors = use === 'pull' ? (settings.mirrors?.[domain] ?? []) : [];
  return [
    ...mirrors.map((mirror) => parseMirror(mirror, settings.insecure ?? [])),
    ...ownEndpoints(domain, settings),
  ];
}

/** An insecure registry may speak either; the safer is tried first. */
function ownEndpoints(domain: string, settings: RegistrySettings): Endpoint[] {
  const address = domain === 'docker.io' ? dockerHub : domain;
  const isInsecure = isInsecureHost(domain, settings.insecure ?? []);
  const endpoint = (scheme: string): Endpoint => ({
    base: `${scheme}://${address}`,
    host: domain,
    isInsecure,
    isMirror: false,
  });
  return isInsecure ? [endpoint('https'), endpoint('http')] : [endpoint('https')];
}

export function parseMirror(mirror: string, insecure: readonly string[]): Endpoint {
  const text = /^https?:\/\//.test(mirror) ? mirror : `https://${mirror}`;
  if (!URL.canParse(text) || new URL(text).search !== '') {
    throw new TcError(`"${mirror}" is not the address of a mirror`, {
      code: 'invalid-mirror',
      hints: ['write https://HOST[:PORT][/PATH], or http:// for one without TLS'],
    });
  }
  const url = new URL(text);
  const isInsecure = url.protocol === 'http:' || isInsecureHost(url.host, insecure);
  return { base: text.replace(/\/+$/, ''), host: url.host, isInsecure, isMirror: true };
}

/** Loopback always is, as in Docker; others by name (with or without port) or by address range. */
export function isInsecureHost(domain: string, insecure: readonly string[]): boolean {
  const host = domain.replace(/:[0-9]+$/, '');
  if (host === 'localhost' || host === '[::1]' || /^127(\.[0-9]{1,3}){3}$/.test(host)) return true;
  return insecure.some((each) => each === domain || each === host || isInRange(host, each));
}

function isInRange(host: string, range: string): boolean {
  const [network = '', bits] = range.split('/');
  const address = parseIpv4(host);
  const base = parseIpv4(network);
  if (bits === undefined || !/^[0-9]{1,2}$/.test(bits) || Number(bits) > 32) return false;
  if (address === undefined || base === undefined) return false;
  const shift = 2 ** (32 - Number(bits));
  return Math.floor(address / shift) === Math.floor(base / shift);
}

function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^[0-9]{1,3}$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}
