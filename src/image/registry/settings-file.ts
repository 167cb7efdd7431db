// registries.json, and what Docker's daemon.json says of the same things. Pure. What each member means is in
// docs/images.md.

import { TcError } from '../../base/error.ts';
import { findNearest } from '../../base/suggest.ts';
import { parseMirror } from './endpoint.ts';

export interface RegistriesFile {
  /** Hosts that may be asked by plain HTTP, or with a certificate that cannot be verified; CIDR ranges too. */
  readonly insecure?: readonly string[];
  /** Host -> mirrors to ask first, in this order: `docker.io` -> `https://mirror.example`. Pulls only. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Directories like /etc/docker/certs.d; the first that knows a host is taken. */
  readonly certificates?: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const members = ['insecure', 'mirrors', 'certificates'] as const;

export function parseRegistriesFile(text: string, path: string): RegistriesFile {
  const object = parseJson(text, path);
  const strange = Object.keys(object).find((key) => !members.some((known) => known === key));
  if (strange !== undefined) throw unknownMember(strange, path);
  const { insecure, mirrors, certificates } = object;
  return {
    ...(insecure === undefined ? {} : { insecure: parseInsecure(insecure, `${path}: insecure`) }),
    ...(mirrors === undefined ? {} : { mirrors: parseMirrors(mirrors, `${path}: mirrors`) }),
    ...(certificates === undefined
      ? {}
      : { certificates: parseDirectories(certificates, `${path}: certificates`) }),
  };
}

/** Docker's: other members are none of our business. Its mirrors are those of docker.io. */
export function parseDaemonFile(text: string, path: string): RegistriesFile {
  const object = parseJson(text, path);
  const { 'insecure-registries': insecure, 'registry-mirrors': mirrors } = object;
  return {
    ...(insecure === undefined ? {} : { insecure: parseInsecure(insecure, `${path}: insecure-registries`) }),
    ...(mirrors === undefined
      ? {}
      : { mirrors: { 'docker.io': parseMirrorList(mirrors, `${path}: registry-mirrors`) } }),
  };
}

/** `over` adds insecure hosts, and has the last word on the mirrors of each host and on where certificates are. */
export function mergeSettings(under: RegistriesFile, over: RegistriesFile): RegistriesFile {
  const insecure = [...new Set([...(under.insecure ?? []), ...(over.insecure ?? [])])];
  const mirrors = { ...under.mirrors, ...over.mirrors };
  const certificates = over.certificates ?? under.certificates;
  return {
    ...(insecure.length > 0 ? { insecure } : {}),
    ...(Object.keys(mirrors).length > 0 ? { mirrors } : {}),
    ...(certificates ? { certificates } : {}),
  };
}

function parseJson(text: string, path: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(`${path} is not JSON: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  if (isObject(value)) return value;
  throw malformed(`${path}: an object was expected`);
}

/** `HOST`, `HOST:PORT`, or addresses `10.0.0.0/8`. */
function parseInsecure(value: unknown, where: string): string[] {
  return parseStrings(value, where).map((text, at) => {
    if (/^[^\s/]+$/.test(text) || /^[0-9.]+\/([0-9]|[12][0-9]|3[0-2])$/.test(text)) return text;
    throw malformed(`${where}[${at}]: "${text}" is neither HOST[:PORT] nor a range of IPv4 addresses`);
  });
}

function parseMirrors(value: unknown, where: string): Record<string, readonly string[]> {
  if (!isObject(value)) throw malformed(`${where}: an object was expected, registry host to mirrors`);
  const entries = Object.entries(value).map(([host, mirrors]) => {
    if (!/^[^\s/]+$/.test(host)) throw malformed(`${where}: "${host}" is not a registry host`);
    return [host, parseMirrorList(mirrors, `${where}.${host}`)] as const;
  });
  return Object.fromEntries(entries);
}

function parseMirrorList(value: unknown, where: string): string[] {
  return parseStrings(value, where).map((text, at) => {
    try {
      parseMirror(text, []);
      return text;
    } catch (cause) {
      throw malformed(`${where}[${at}]: "${text}" is not the address of a mirror`, cause);
    }
  });
}

function parseDirectories(value: unknown, where: string): string[] {
  return parseStrings(value, where).map((text, at) => {
    if (text.startsWith('/')) return text;
    throw malformed(`${where}[${at}]: "${text}" is not an absolute directory`);
  });
}

function parseStrings(value: unknown, where: string): string[] {
  if (!Array.isArray(value)) throw malformed(`${where}: a list was expected`);
  const strange = value.findIndex((each) => typeof each !== 'string' || each === '');
  if (strange >= 0) throw malformed(`${where}[${strange}]: a text was expected`);
  return value;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownMember(key: string, path: string): TcError {
  const near = findNearest(key, members);
  return malformed(
    `${path}: there is no member "${key}"`,
    undefined,
    near === undefined ? `there are ${members.join(', ')}` : `did you mean "${near}"?`,
  );
}

function malformed(message: string, cause?: unknown, hint?: string): TcError {
  const example = '{"insecure": ["registry.lan:5000"], "mirrors": {"docker.io": ["https://mirror.example"]}}';
  return new TcError(message, {
    code: 'malformed-registries',
    hints: [hint ?? `an example of registries.json: ${example}`],
    cause,
  });
}
