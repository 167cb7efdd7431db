// What is in a registry: repositories, tags, and taking a tag's manifest away.

import { TcError } from '../../base/error.ts';
import { expectArray, expectString, parseJsonObject } from '../descriptor.ts';
import { type Digest, isDigest } from '../digest.ts';
import { acceptedManifests } from '../media-type.ts';
import { formatReference, formatRepository, type RegistryReference } from '../reference.ts';
import { Registry } from './registry.ts';
import { readDocument } from './response.ts';
import type { RegistrySettings } from './settings.ts';

export interface BrowseOptions {
  readonly signal?: AbortSignal;
}

const pageSize = 1000;
const mostPages = 1000;

/** Many public registries do not answer this. */
export function listRepositories(
  settings: RegistrySettings,
  host: string,
  options: BrowseOptions = {},
): Promise<string[]> {
  return withRegistry(settings, host, options, (registry) =>
    readPages(registry, {
      what: `the repositories of ${host}`,
      first: `/v2/_catalog?n=${pageSize}`,
      member: 'repositories',
      scopes: ['registry:catalog:*'],
    }),
  );
}

export function listTags(
  settings: RegistrySettings,
  reference: RegistryReference,
  options: BrowseOptions = {},
): Promise<string[]> {
  const { repository } = reference;
  return withRegistry(settings, reference.domain, options, (registry) =>
    readPages(registry, {
      what: `the tags of ${formatRepository(reference)}`,
      first: `/v2/${repository}/tags/list?n=${pageSize}`,
      member: 'tags',
      scopes: [`repository:${repository}:pull`],
    }),
  );
}

/** Deletes the manifest that the tag or digest stands for, and with it all its tags. Returns its digest. */
export function removeFromRegistry(
  settings: RegistrySettings,
  reference: RegistryReference,
  options: BrowseOptions = {},
): Promise<Digest> {
  const { repository } = reference;
  const what = `manifest ${formatReference(reference)}`;
  return withRegistry(settings, reference.domain, options, async (registry) => {
    const digest = reference.digest ?? (await readDigest(registry, reference, what));
    const response = await registry.ask({
      what,
      method: 'DELETE',
      target: `/v2/${repository}/manifests/${digest}`,
      scopes: [`repository:${repository}:delete`, `repository:${repository}:pull,push`],
      accept: [200, 202],
    });
    response.discard();
    return digest;
  });
}

async function readDigest(registry: Registry, reference: RegistryReference, what: string): Promise<Digest> {
  const response = await registry.ask({
    what,
    method: 'HEAD',
    target: `/v2/${reference.repository}/manifests/${reference.tag ?? 'latest'}`,
    headers: { accept: acceptedManifests.join(', ') },
    scopes: [`repository:${reference.repository}:pull`],
    accept: [200],
  });
  response.discard();
  const digest = response.headers['docker-content-digest'];
  if (isDigest(digest)) return digest;
  throw new TcError(`${reference.domain} does not tell the digest of ${formatReference(reference)}`, {
    code: 'registry-error',
    kind: 'environment',
    hints: ['name the manifest by its digest: NAME@sha256:...'],
  });
}

export async function withRegistry<T>(
  settings: RegistrySettings,
  host: string,
  { signal }: BrowseOptions,
  use: (registry: Registry) => Promise<T>,
): Promise<T> {
  const registry = new Registry(host, { settings, use: 'push', signal });
  try {
    return await use(registry);
  } finally {
    registry.close();
  }
}

interface Pages {
  readonly what: string;
  readonly first: string;
  readonly member: string;
  readonly scopes: readonly string[];
}

async function readPages(registry: Registry, { what, first, member, scopes }: Pages): Promise<string[]> {
  const names: string[] = [];
  let target: string | URL | undefined = first;
  for (let page = 0; target !== undefined && page < mostPages; page++) {
    const response = await registry.ask({ what, method: 'GET', target, scopes, accept: [200] });
    const object = parseJsonObject(await readDocument(response, what), what);
    // A repository whose tags are all gone says null.
    names.push(...expectArray(object[member] ?? [], what).map((name) => expectString(name, what)));
    target = parseNext(response.headers.link, response.url);
  }
  return names;
}

/** Link: </v2/...>; rel="next" (RFC 8288), on the same host only. */
function parseNext(link: string | string[] | undefined, from: URL): URL | undefined {
  const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec([link ?? ''].flat().join(','))?.[1];
  if (next === undefined || !URL.canParse(next, from.href)) return undefined;
  const url = new URL(next, from);
  return url.origin === from.origin ? url : undefined;
}
