// Searching a registry that has Docker's old search, and one that has a catalog only.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { searchRepositories } from '../../../src/image/registry/search.ts';
import { ScriptedRegistry } from './scripted-registry.ts';

let registry: ScriptedRegistry;

beforeEach(async () => {
  registry = await ScriptedRegistry.start();
});
afterEach(() => registry.stop());

/** By path; everything else is not there. */
function serve(answers: Readonly<Record<string, object>>): void {
  registry.script(({ url }, response) => {
    const answer = answers[new URL(url, 'http://registry').pathname];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { errors: [] }));
    return true;
  });
}

const search = (term: string, limit = 25) =>
  searchRepositories({ environment: { HOME: '/nonexistent' } }, `${registry.host}/${term}`, { limit });

describe('search', () => {
  it("by the registry's own, whose names lack its host", async () => {
    const results = [
      { name: 'team/app', description: 'An app', star_count: 3, is_official: false, is_automated: true },
      { name: 'base', star_count: 9, is_official: true },
      { name: 'beyond the limit' },
    ];
    serve({ '/v1/search': { results } });
    expect(await search('a b', 2)).toEqual([
      { name: `${registry.host}/team/app`, description: 'An app', stars: 3, isOfficial: false },
      { name: `${registry.host}/base`, description: '', stars: 9, isOfficial: true },
    ]);
    expect(registry.seen.map(({ url }) => url)).toEqual(['/v1/search?q=a%20b&n=2']);
  });

  it('in the list of what there is, where there is no search', async () => {
    serve({ '/v2/_catalog': { repositories: ['db', 'team/app', 'apple'] } });
    const names = (await search('app')).map(({ name }) => name);
    expect(names).toEqual([`${registry.host}/team/app`, `${registry.host}/apple`]);
    expect(await search('nothing')).toEqual([]);
  });

  it('refuses an answer that is none', async () => {
    serve({ '/v1/search': { results: [{ description: 'no name' }] } });
    await expect(search('x')).rejects.toMatchObject({ code: 'malformed-image' });
  });
});
