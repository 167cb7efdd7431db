// What `image:` may hold. Registry names are normalised as Docker does (distribution/reference); the transports are
// those of containers-transports(5), with `rootfs:` and the bare word `host` beside them.

import { TcError } from '../base/error.ts';
import { type Digest, isDigest, parseDigest } from './digest.ts';

/** A name in a registry, fully written out. */
export interface RegistryReference {
  readonly kind: 'registry';
  /** Host and port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** Path in the registry: `library/mysql`. */
  readonly repository: string;
  /** `latest` is filled in when there is neither a tag nor a digest. */
  readonly tag?: string;
  readonly digest?: Digest;
}

export type ImageReference =
  | RegistryReference
  | { readonly kind: 'host' }
  | {
      readonly kind: 'docker-archive';
      readonly path: string;
      /** Which of several images: a registry name with a tag. */
      readonly name?: RegistryReference;
      /** Or its place in manifest.json, from 0. */
      readonly index?: number;
    }
  | {
      readonly kind: 'oci' | 'oci-archive';
      readonly path: string;
      /** Value of the annotation org.opencontainers.image.ref.name. */
      readonly name?: string;
    }
  | { readonly kind: 'rootfs'; readonly path: string }
  /** A whole image id: `sha256:...`. */
  | { readonly kind: 'id'; readonly id: Digest };

const transport = /^(docker-archive|oci-archive|oci|rootfs):(.*)$/s;
const hostComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainPattern = new RegExp(
  `^(?:${hostComponent}(?:\\.${hostComponent})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?$`,
);
const repositoryPattern =
  /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const defaultDomain = 'docker.io';

export function parseImageReference(text: string): ImageReference {
  if (text === 'host') return { kind: 'host' };
  if (isDigest(text)) return { kind: 'id', id: text };
  const match = transport.exec(text);
  if (match === null) return parseRegistryReference(text);
  const [, kind, rest = ''] = match;
  if (kind === 'rootfs') return { kind, path: parsePath(rest, text) };
  const colon = rest.indexOf(':');
  const path = parsePath(colon < 0 ? rest : rest.slice(0, colon), text);
  const name = colon < 0 ? undefined : rest.slice(colon + 1);
  if (kind === 'docker-archive') return { kind, path, ...parseArchiveMember(name, text) };
  return { kind: kind as 'oci' | 'oci-archive', path, ...(name ? { name } : {}) };
}

function parsePath(path: string, text: string): string {
  if (path !== '' && !path.includes('\0')) return path;
  throw invalid(text, 'there is no path after the colon');
}

function parseArchiveMember(
  name: string | undefined,
  text: string,
): { name?: RegistryReference; index?: number } {
  if (name === undefined || name === '') return {};
  if (!name.startsWith('@')) return { name: parseRegistryReference(name) };
  if (!/^@[0-9]{1,6}$/.test(name)) throw invalid(text, 'after "@" comes the number of an image');
  return { index: Number(name.slice(1)) };
}

/** A registry name only: transports and `host` are read as names. Used for tags, push and pull. */
export function parseRegistryReference(text: string): RegistryReference {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1), `image reference "${text}"`);
  const named = at < 0 ? text : text.slice(0, at);
  const { domain, remainder } = splitDomain(named);
  const colon = remainder.indexOf(':');
  const path = colon < 0 ? remainder : remainder.slice(0, colon);
  const tag = colon < 0 ? undefined : remainder.slice(colon + 1);
  const repository = domain === defaultDomain && !path.includes('/') ? `library/${path}` : path;
  checkParts({ text, named, domain, path, repository, tag });
  if (tag === undefined && digest === undefined)
    return { kind: 'registry', domain, repository, tag: 'latest' };
  return {
    kind: 'registry',
    domain,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

interface Parts {
  readonly text: string;
  readonly named: string;
  readonly domain: string;
  readonly path: string;
  readonly repository: string;
  readonly tag: string | undefined;
}

function checkParts(parts: Parts): void {
  const { text, named, domain, path, repository, tag } = parts;
  if (named === '') throw invalid(text, 'the name is empty');
  if (/^[a-z]+:\/\//.test(text)) throw invalid(text, 'a name has no "scheme://" in front');
  if (!domainPattern.test(domain)) throw invalid(text, `"${domain}" is not a registry host`);
  if (path !== path.toLowerCase()) throw invalid(text, `the repository "${path}" must be in lower case`);
  if (!repositoryPattern.test(repository)) throw invalid(text, `"${path}" is not the name of a repository`);
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid(text, `"${tag}" is not a tag`);
  if (/^[0-9a-f]{64}$/.test(named))
    throw invalid(text, 'it is 64 hexadecimal digits: write sha256: before an image id');
  if (domain.length + 1 + repository.length > 255)
    throw invalid(text, 'the name is longer than 255 characters');
}

/** The first component is a host if it has a dot, a colon or a capital letter, or is `localhost`. */
function splitDomain(name: string): { domain: string; remainder: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  if (slash < 0 || !isHost) return { domain: defaultDomain, remainder: name };
  const domain = first === 'index.docker.io' ? defaultDomain : first;
  return { domain, remainder: name.slice(slash + 1) };
}

function invalid(text: string, why: string): TcError {
  return new TcError(`"${text}" is not an image reference: ${why}`, {
    code: 'invalid-reference',
    hints: [
      'write [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST], for example mysql:8 or localhost:5000/team/app:1.2',
    ],
  });
}

/** Fully written out: `docker.io/library/mysql:5.7`. Key of an image in the store. */
export function formatReference(reference: RegistryReference): string {
  const { tag, digest } = reference;
  return formatRepository(reference) + (tag ? `:${tag}` : '') + (digest ? `@${digest}` : '');
}

/** `docker.io/library/mysql`. */
export function formatRepository(reference: RegistryReference): string {
  return `${reference.domain}/${reference.repository}`;
}

/** As Docker shows a repository: `mysql`, `grafana/loki`, `localhost:5000/app`. */
function formatFamiliarRepository(reference: RegistryReference): string {
  if (reference.domain !== defaultDomain) return formatRepository(reference);
  return reference.repository.replace(/^library\/([^/]+)$/, '$1');
}

/** As Docker shows a reference: `mysql:5.7`. */
export function formatFamiliarReference(reference: RegistryReference): string {
  const { tag, digest } = reference;
  return formatFamiliarRepository(reference) + (tag ? `:${tag}` : '') + (digest ? `@${digest}` : '');
}
