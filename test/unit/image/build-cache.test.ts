import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BuildCache, type CachedLayer } from '../../../src/image/content/build-cache.ts';
import { digestOf } from '../../../src/image/digest.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tcompose-steps-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const layer: CachedLayer = {
  version: 1,
  chainId: digestOf('a'),
  diffId: digestOf('b'),
  descriptor: { mediaType: 'x', digest: digestOf('c'), size: 1 },
  created: '2026-01-01T00:00:00Z',
};

it('a step may be written by several at once, as by builds for several platforms', async () => {
  const directory = join(root, 'steps');
  const cache = new BuildCache(directory);
  const key = 'd'.repeat(64);
  await Promise.all(Array.from({ length: 8 }, () => cache.write(key, layer)));
  expect(cache.read(key)).toEqual(layer);
  expect(readdirSync(directory)).toEqual([`${key}.json`]);
});
