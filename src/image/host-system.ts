// What the image `host` takes over from this machine: the shape of its /usr, its programs' alternatives, its public
// certificates, its library cache. Nothing else is read.

import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../base/sha256.ts';

export interface HostSystem {
  /** Links of the root and of /usr as they are: `/bin` -> `usr/bin`. */
  readonly links: Readonly<Record<string, string>>;
  /** Directories of programs, libraries and their data, to be bound where they are. */
  readonly directories: readonly string[];
  /** Files to be copied: path in the image -> content. */
  readonly files: Readonly<Record<string, Buffer>>;
  /** /etc/alternatives: name -> target below /usr. */
  readonly alternatives: Readonly<Record<string, string>>;
  readonly node: { readonly path: string; readonly version: string };
}

const LIBRARY_CACHE = '/etc/ld.so.cache';
const ALTERNATIVES = '/etc/alternatives';

/** Where distributions keep their bundle: Debian, Fedora, SUSE, Alpine. */
const CERTIFICATES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Programs look for the bundle in the first place. */
const CERTIFICATES_IN_IMAGE = CERTIFICATES[0] ?? '';

export function observeHostSystem(): HostSystem {
  const candidates = [...inRoot(), ...inUsr(), '/usr/local/bin', '/usr/local/lib'];
  const links: Record<string, string> = {};
  const directories: string[] = [];
  for (const path of candidates) {
    const kind = lstatSync(path, { throwIfNoEntry: false });
    if (kind?.isSymbolicLink()) links[path] = readlinkSync(path);
    if (kind?.isDirectory()) directories.push(path);
  }
  return {
    links,
    directories,
    files: readFiles(),
    alternatives: readAlternatives(),
    node: { path: realpathSync(process.execPath), version: process.version },
  };
}

/**
 * Changes when the answer of observeHostSystem may have changed, and costs a few stat calls. A directory's time covers
 * the links in it.
 */
export function stampHostSystem(): string {
  const paths = ['/', '/usr', '/usr/local', ALTERNATIVES, LIBRARY_CACHE, ...CERTIFICATES, process.execPath];
  const lines = paths.map((path) => {
    const status = statSync(path, { throwIfNoEntry: false, bigint: true });
    return `\n${path} ${status?.ino} ${status?.size} ${status?.mtimeNs}`;
  });
  return sha256(process.version, ...lines);
}

/** On a merged system these are links into /usr, else directories. */
function inRoot(): string[] {
  return readdirSync('/').flatMap((name) => (/^(s?bin|lib\w*)$/.test(name) ? [join('/', name)] : []));
}

function inUsr(): string[] {
  return readdirSync('/usr').flatMap((name) =>
    /^(s?bin|lib\w*|share)$/.test(name) ? [join('/usr', name)] : [],
  );
}

function readFiles(): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  const cache = readIfAny(LIBRARY_CACHE);
  if (cache) files[LIBRARY_CACHE] = cache;
  const bundle = CERTIFICATES.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  const certificates = bundle && readIfAny(bundle);
  if (bundle && certificates) {
    files[CERTIFICATES_IN_IMAGE] = certificates;
    files[bundle] = certificates;
  }
  return files;
}

function readIfAny(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Those that lead below /usr: no other target exists in the image. */
function readAlternatives(): Record<string, string> {
  const status = statSync(ALTERNATIVES, { throwIfNoEntry: false });
  if (!status?.isDirectory()) return {};
  const found: Record<string, string> = {};
  for (const name of readdirSync(ALTERNATIVES).sort()) {
    const path = join(ALTERNATIVES, name);
    if (!lstatSync(path).isSymbolicLink()) continue;
    const target = readlinkSync(path);
    if (target.startsWith('/usr/')) found[name] = target;
  }
  return found;
}
