// A power cut right after a load or a pull: names are on the disk, the content behind some of them is not.

import { existsSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FixtureImage, makeImage, smallLayer, writeLayout } from './fixture-image.ts';
import { native, run, Sandbox } from './sandbox.ts';
import { isBlob, ScriptedRegistry } from './scripted-registry.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

const image = makeImage({ layers: [smallLayer('a'), smallLayer('b')] });
const [first] = image.layers as [FixtureImage['layers'][0]];
const mark = () => sandbox.path('data/images/unsynced');
const blobPath = (digest: string) => sandbox.path('data/images/blobs/sha256', digest.slice(7));
const resolve = (text: string) =>
  sandbox.store().resolve(text, { directory: sandbox.directory, policy: 'never' });

/** The machine comes up again: another boot, and of the layer's file only the name. */
async function cutPower(text: string, { since = 0 } = {}): Promise<string> {
  const before = readFileSync(mark(), 'utf8');
  const { layers } = await resolve(text);
  const torn = join(layers[1] as string, 'a');
  truncateSync(torn, 0);
  writeFileSync(
    mark(),
    JSON.stringify({ ...JSON.parse(before), boot: 'another', ...(since > 0 ? { since } : {}) }),
  );
  return torn;
}

describe('what was loaded', () => {
  beforeEach(async () => {
    await sandbox.store().load(writeLayout(sandbox, 'oci', [{ image, name: 'bb:1' }]));
  });

  it('is marked until something is built on it, and then it is synced first', async () => {
    expect(existsSync(mark())).toBe(true);
    let isSynced = false;
    const watched = {
      ...native,
      syncFilesystem: async (fd: number) => {
        expect(existsSync(mark())).toBe(true);
        await native.syncFilesystem(fd);
        isSynced = true;
      },
    };
    await sandbox.store({ native: watched }).resolve('bb:1', { directory: '/', policy: 'never' });
    expect(isSynced).toBe(true);
    expect(existsSync(mark())).toBe(false);
    isSynced = false;
    await sandbox.store({ native: watched }).resolve('bb:1', { directory: '/', policy: 'never' });
    expect(isSynced).toBe(false);
  });

  it('after a power cut its layers come back from its blobs', async () => {
    const torn = await cutPower('bb:1');
    await resolve('bb:1');
    expect(readFileSync(torn, 'utf8')).toBe('a');
    expect(existsSync(mark())).toBe(false);
  });

  it('after a power cut what was there long before is left alone', async () => {
    const torn = await cutPower('bb:1', { since: Date.now() + 60_000 });
    await resolve('bb:1');
    expect(readFileSync(torn, 'utf8')).toBe('');
  });

  it('in the same boot nothing is looked at again', async () => {
    const before = readFileSync(mark(), 'utf8');
    const torn = await cutPower('bb:1');
    writeFileSync(mark(), before);
    await resolve('bb:1');
    expect(readFileSync(torn, 'utf8')).toBe('');
  });

  it('after a power cut a blob that is torn is gone, and a load brings it back', async () => {
    await cutPower('bb:1');
    truncateSync(blobPath(first.digest), 10);
    await expect(resolve('bb:1')).rejects.toThrow(/load the image again/);
    expect(existsSync(blobPath(first.digest))).toBe(false);
    await sandbox.store().load(sandbox.path('oci'));
    expect(readFileSync(join((await resolve('bb:1')).layers[1] as string, 'a'), 'utf8')).toBe('a');
  });
});

it('an archive that was loaded before a power cut is read again', async () => {
  writeLayout(sandbox, 'oci', [{ image }]);
  run('tar', '-C', sandbox.path('oci'), '-cf', sandbox.path('a.tar'), '.');
  await sandbox.store().load(sandbox.path('a.tar'));
  const torn = await cutPower('oci-archive:a.tar');
  truncateSync(blobPath(first.digest), 10);
  utimesSync(sandbox.path('a.tar'), 0, 0);
  await resolve('oci-archive:a.tar');
  expect(readFileSync(torn, 'utf8')).toBe('a');
});

it('a pull after a power cut fetches what was torn, though the registry has nothing new', async () => {
  const registry = await ScriptedRegistry.start();
  try {
    registry.add('1', image);
    const name = `${registry.host}/bb:1`;
    await sandbox.store().pull(name);
    const torn = await cutPower(name);
    truncateSync(blobPath(first.digest), 10);
    await sandbox.store().pull(name);
    await resolve(name);
    expect(readFileSync(torn, 'utf8')).toBe('a');
    expect(registry.seen.filter((seen) => isBlob(seen, first))).toHaveLength(2);
  } finally {
    registry.stop();
  }
});
