// Several processes at one store, processes that are killed, and a disk that is full.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ImageEvent } from '../../../src/image/progress.ts';
import { tcrunPath } from '../../../src/runtime/native.ts';
import { makeImage, noise, smallLayer } from './fixture-image.ts';
import { run, Sandbox } from './sandbox.ts';
import { isBlob, ScriptedRegistry, sendBlob } from './scripted-registry.ts';
import { buildTar, file } from './tar-builder.ts';

type Told = ImageEvent | { readonly type: 'failed'; readonly code: string; readonly message: string };

const bundles = new Sandbox();
const bundle = bundles.path('pull.mjs');
beforeAll(() => {
  const entry = join(dirname(fileURLToPath(import.meta.url)), 'pull-process.ts');
  buildSync({ entryPoints: [entry], outfile: bundle, bundle: true, platform: 'node', format: 'esm' });
});
afterAll(() => bundles.dispose());

let sandbox: Sandbox;
let registry: ScriptedRegistry;
const started: ChildProcess[] = [];
beforeEach(async () => {
  sandbox = new Sandbox();
  registry = await ScriptedRegistry.start();
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  registry.stop();
  sandbox.dispose();
});

const contents = Array.from({ length: 5 }, (_, at) => noise(400_000 + at * 4));
const image = makeImage({
  layers: [...contents.map((content, at) => buildTar([file(`f${at}`, '', { content })])), smallLayer('last')],
});
const name = () => `${registry.host}/bb:1`;

interface Pulling {
  readonly child: ChildProcess;
  readonly events: Told[];
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

function startPull(root = sandbox.path('data')): Pulling {
  const addon = join(dirname(tcrunPath()), 'tcompose.node');
  const child = spawn(process.execPath, [bundle, root, name(), tcrunPath(), addon], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const events: Told[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => events.push(JSON.parse(line)));
  return { child, events, ended: once(child, 'close').then(([code, signal]) => code ?? signal) };
}

async function expectWhole(root = sandbox.path('data')): Promise<void> {
  const store = sandbox.store({ root });
  const resolved = await store.resolve(name(), { directory: '/', policy: 'never' });
  expect(resolved.layers).toHaveLength(6);
  for (const [at, content] of contents.entries()) {
    expect(readFileSync(join(resolved.layers[5 - at] as string, `f${at}`)).equals(content)).toBe(true);
  }
}

describe('two processes that pull the same image', () => {
  it('download it once', async () => {
    registry.add('1', image);
    const both = [startPull(), startPull()];
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
    for (const blob of [...image.layers, image.config]) expect(registry.askedFor(blob)).toHaveLength(1);
    await expectWhole();
    expect(readdirSync(sandbox.path('data/locks/images')).sort()).toEqual(['index', 'lease', 'unsynced']);
  });

  it('the one that waits goes on where the other was killed', async () => {
    registry.add('1', image);
    const [layer] = image.layers as [(typeof image.layers)[0]];
    let first: Pulling | undefined;
    registry.script((seen, response, count) => {
      if (!isBlob(seen, layer) || count > 1) return false;
      response.writeHead(200, { 'content-length': layer.size });
      response.write(layer.bytes.subarray(0, 200_000));
      return true;
    });
    first = startPull();
    while (!first.events.some((event) => event.type === 'bytes' && event.digest === layer.digest)) {
      await once(first.child.stdout as NodeJS.ReadableStream, 'data');
    }
    const second = startPull();
    while (!second.events.some((event) => event.type === 'layer' && event.phase === 'waiting')) {
      await once(second.child.stdout as NodeJS.ReadableStream, 'data');
    }
    first.child.kill('SIGKILL');
    expect(await second.ended).toBe(0);
    expect(registry.askedFor(layer).at(-1)?.headers.range).toMatch(/^bytes=[1-9]/);
    await expectWhole();
  });
});

describe('collections while an image arrives', () => {
  it('take nothing of it, and what nobody needs once it is there', async () => {
    registry.add('1', image);
    registry.script((seen, response) => {
      const blob = image.layers.find((each) => isBlob(seen, each));
      if (!blob) return false;
      setTimeout(() => sendBlob(seen, response, blob), 30);
      return true;
    });
    const root = sandbox.path('data');
    const store = sandbox.store({ root });
    const garbage = sandbox.write(`data/images/blobs/sha256/${'0'.repeat(64)}`, 'nobody needs it');
    const pulling = startPull();
    await once(pulling.child.stdout as NodeJS.ReadableStream, 'data');
    let isRunning = true;
    const watching = pulling.ended.finally(() => {
      isRunning = false;
    });
    let refused = 0;
    while (isRunning) {
      if ((await store.collect(new Set())) === undefined) refused++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await watching).toBe(0);
    expect(refused).toBeGreaterThan(0);
    await expectWhole();
    await store.collect(new Set());
    expect(existsSync(garbage)).toBe(false);
    await expectWhole();
  });
});

describe('a process that is killed', () => {
  it('at any event leaves no half image, and the next pull ends well', async () => {
    registry.add('1', image);
    // Slowly, so that there is a middle.
    registry.script((seen, response) => {
      const blob = image.layers.find((each) => isBlob(seen, each));
      if (!blob) return false;
      setTimeout(() => sendBlob(seen, response, blob), 5);
      return true;
    });
    const total = await countEvents();
    for (let at = 1; at <= total; at += Math.ceil(total / 12)) {
      const root = sandbox.path(`killed-${at}`);
      const pulling = startPull(root);
      pulling.child.stdout?.on('data', () => {
        if (pulling.events.length + 1 >= at) pulling.child.kill('SIGKILL');
      });
      await pulling.ended;
      const before = await sandbox.store({ root }).list();
      expect(before.length === 0 || existsSync(join(root, 'images/index.json'))).toBe(true);
      if (before.length > 0) await expectWhole(root);
      expect(await startPull(root).ended).toBe(0);
      await expectWhole(root);
      // What the dead one left is swept by the next collection.
      await sandbox.store({ root }).collect(new Set());
      expect(readdirSync(join(root, 'layers/staging'))).toEqual([]);
      expect(readdirSync(join(root, 'images/ingest'))).toEqual([]);
    }
  });

  async function countEvents(): Promise<number> {
    const whole = startPull(sandbox.path('whole'));
    expect(await whole.ended).toBe(0);
    return whole.events.length;
  }
});

describe('a full disk', () => {
  // Some 2 MB of blobs and as much of layers: neither the first nor the second half fits.
  for (const size of ['1m', '3m']) {
    it(`of ${size} is told, leaves nothing half-visible, and nothing running`, async () => {
      registry.add('1', image);
      const root = sandbox.makeDirectory('small');
      run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', root);
      try {
        const pulling = startPull(root);
        expect(await pulling.ended).toBe(1);
        expect(pulling.events.at(-1)).toMatchObject({ type: 'failed', code: 'disk-full' });
        expect(await sandbox.store({ root }).list()).toEqual([]);
        expect(readdirSync(join(root, 'layers/staging'))).toEqual([]);
        run('mount', '-o', 'remount,size=50m', root);
        expect(await startPull(root).ended).toBe(0);
        await expectWhole(root);
      } finally {
        run('umount', root);
      }
    });
  }
});
