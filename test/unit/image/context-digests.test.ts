import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContextDigests } from '../../../src/image/content/context-digests.ts';

let root: string;
let digests: ContextDigests;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tcompose-contexts-'));
  digests = new ContextDigests({ buildContexts: join(root, 'contexts'), staging: join(root, 'staging') });
});
afterEach(() => rmSync(root, { recursive: true }));

const files = new Map([
  ['a', { stamp: 'file 1', digest: 'aa' }],
  ['__proto__', { stamp: 'file 2', digest: 'bb' }],
]);
const records = () => readdirSync(join(root, 'contexts')).map((name) => join(root, 'contexts', name));

describe('what is known of the files of a context', () => {
  it('comes back as it was, for this context alone', () => {
    digests.write('/context', files);
    digests.write('/other', new Map());
    expect(digests.read('/context')).toEqual(files);
    expect(digests.read('/other').size).toBe(0);
    expect(digests.read('/unknown').size).toBe(0);
    expect(records().map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it.each(['', '{', '[]', 'null', '{"version":2,"directory":"/context","files":{}}', '{"version":1}'])(
    'is nothing if the record is %j',
    (text) => {
      digests.write('/context', files);
      for (const path of records()) writeFileSync(path, text);
      expect(digests.read('/context').size).toBe(0);
    },
  );

  it('is not kept of what was fetched for one build', () => {
    digests.write(join(root, 'staging/1/repository'), files);
    expect(readdirSync(root)).toEqual([]);
  });

  it('is given up where it cannot be written', () => {
    writeFileSync(join(root, 'contexts'), '');
    digests.write('/context', files);
    expect(digests.read('/context').size).toBe(0);
    expect(statSync(join(root, 'contexts')).size).toBe(0);
  });

  it('is removed once nobody has used it for long', async () => {
    digests.write('/used', files);
    digests.write('/unused', files);
    for (const path of records()) utimesSync(path, new Date(0), new Date(0));
    digests.read('/used');
    await digests.removeUnused(Date.now() - 1000);
    expect(digests.read('/used')).toEqual(files);
    expect(digests.read('/unused').size).toBe(0);
  });
});
