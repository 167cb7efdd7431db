import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DetachFilter } from '../../../src/cli/detach-filter.ts';
import { chooseDetachKeys, parseDetachKeys } from '../../../src/cli/detach-keys.ts';

describe('detach keys', () => {
  it('are read as the docker CLI reads them', () => {
    expect([...parseDetachKeys('ctrl-p,ctrl-q')]).toEqual([16, 17]);
    expect([...parseDetachKeys('ctrl-@,ctrl-[,ctrl-_,a')]).toEqual([0, 27, 31, 97]);
    for (const wrong of ['', 'ctrl-1', 'ab', 'ctrl-p,', 'CTRL-P', 'é']) {
      expect(() => parseDetachKeys(wrong), wrong).toThrow('is not a key');
    }
  });

  it('come from the command line, then from the docker configuration, then are those of docker', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tcompose-keys-'));
    const choose = (asked?: string) => [...chooseDetachKeys(asked, { DOCKER_CONFIG: directory })];
    expect(choose()).toEqual([16, 17]);
    writeFileSync(join(directory, 'config.json'), '{"detachKeys":"ctrl-a,d"}');
    expect(choose()).toEqual([1, 100]);
    expect(choose('x')).toEqual([120]);
    writeFileSync(join(directory, 'config.json'), '{broken');
    expect(choose()).toEqual([16, 17]);
    rmSync(directory, { recursive: true });
  });

  async function typed(...chunks: string[]) {
    const filter = new DetachFilter(parseDetachKeys('ctrl-p,ctrl-p,q'));
    let passed = '';
    filter.on('data', (bytes) => {
      passed += bytes;
    });
    let detached = false;
    void filter.detached.then(() => {
      detached = true;
    });
    for (const chunk of chunks) filter.write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
    return { passed, detached };
  }

  it('are found across chunks, and what only begins like them is passed on', async () => {
    expect(await typed('a\u0010', '\u0010', 'qrest')).toEqual({ passed: 'a', detached: true });
    expect(await typed('\u0010x')).toEqual({ passed: '\u0010x', detached: false });
    expect(await typed('\u0010\u0010x')).toEqual({ passed: '\u0010\u0010x', detached: false });
    expect(await typed('\u0010\u0010\u0010q')).toEqual({ passed: '\u0010', detached: true });
    expect(await typed('\u0010')).toEqual({ passed: '', detached: false });
  });
});
