// Finding repositories by a word: by the search that Docker's Hub and some others offer, else in the list of all that the
// registry has.

import { expectArray, expectObject, expectString, parseJsonObject } from '../descriptor.ts';
import { type BrowseOptions, listRepositories, withRegistry } from './browse.ts';
import { readDocument } from './response.ts';
import type { RegistrySettings } from './settings.ts';

export interface FoundRepository {
  /** As `pull` takes it. */
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly isOfficial: boolean;
}

export interface SearchOptions extends BrowseOptions {
  /** How many at most. */
  readonly limit: number;
}

/** Where the Hub is searched; its images are elsewhere. */
const hubIndex = 'index.docker.io';

/** `TERM` at Docker's Hub, `HOST/TERM` at another registry. */
export async function searchRepositories(
  settings: RegistrySettings,
  text: string,
  options: SearchOptions,
): Promise<readonly FoundRepository[]> {
  const { host, term } = splitTerm(text);
  const found = await askIndex(settings, host ?? hubIndex, term, options);
  if (host === undefined) return found ?? [];
  if (found !== undefined) return found.map((each) => ({ ...each, name: `${host}/${each.name}` }));
  const names = await listRepositories(settings, host, options);
  return names
    .filter((name) => name.includes(term))
    .slice(0, options.limit)
    .map((name) => ({ name: `${host}/${name}`, description: '', stars: 0, isOfficial: false }));
}

/** A host is told from a user's name as in references: by a dot or a colon, or it is `localhost`. */
function splitTerm(text: string): { readonly host?: string; readonly term: string } {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const term = text.slice(slash + 1);
  if (first === 'docker.io' || first === hubIndex) return { term: term.replace(/^library\//, '') };
  if (/[.:]/.test(first) || first === 'localhost') return { host: first, term };
  return { term: text.replace(/^library\//, '') };
}

/** Undefined: the registry has no such search. */
async function askIndex(
  settings: RegistrySettings,
  host: string,
  term: string,
  options: SearchOptions,
): Promise<FoundRepository[] | undefined> {
  const what = `the search for "${term}" at ${host}`;
  return withRegistry(settings, host, options, async (registry) => {
    const response = await registry.ask({
      what,
      method: 'GET',
      target: `/v1/search?q=${encodeURIComponent(term)}&n=${options.limit}`,
      scopes: [],
      accept: host === hubIndex ? [200] : [200, 404],
    });
    if (response.status === 200) return parseResults(await readDocument(response, what), what, options.limit);
    response.discard();
    return undefined;
  });
}

function parseResults(bytes: Uint8Array, what: string, limit: number): FoundRepository[] {
  const results = expectArray(parseJsonObject(bytes, what)['results'] ?? [], what);
  return results.slice(0, limit).map((value) => {
    const { name, description, star_count: stars, is_official: isOfficial } = expectObject(value, what);
    return {
      name: expectString(name, what),
      description: typeof description === 'string' ? description : '',
      stars: typeof stars === 'number' ? stars : 0,
      isOfficial: isOfficial === true,
    };
  });
}
