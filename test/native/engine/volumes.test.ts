// Volumes on the disk, where several do the same to one at once.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EngineContext } from '../../../src/engine/context.ts';
import { InstanceLocator } from '../../../src/engine/instance/instance.ts';
import { createVolume, removeVolume } from '../../../src/engine/volume/volumes.ts';
import { loadNative } from '../../../src/runtime/native.ts';

let base: string;
let context: EngineContext;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tcompose-volumes-'));
  const locator = new InstanceLocator({ root: join(base, 'root'), runDir: join(base, 'run') });
  context = { instance: locator.ensure(), native: loadNative() };
});
afterEach(() => rmSync(base, { recursive: true }));

it('is gone when several containers that shared it are removed at once', async () => {
  const config = { name: 'shared', external: false };
  await createVolume(context, { key: 'shared', config, labels: {}, anonymous: true });
  await Promise.all([1, 2, 3].map(() => removeVolume(context, 'shared')));
  expect(readdirSync(context.instance.paths.volumes)).toEqual([]);
});
