// Loading an archive and pulling from a registry on this machine, beside Docker doing the same.

import { spawnSync, spawn as start } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { top } from '../prepare.mjs';
import { hasDocker, timeDocker } from './docker.mjs';
import { makeImages } from './make-images.mjs';
import { base, environment, median, row, spawnAside } from './measure.mjs';

const runs = Number(process.env.BENCH_IMAGE_RUNS ?? 3);
const sizes = { small: 'Debian, 170 MB', large: '1 GB, 52,000 files' };
const work = join(base, 'image');
const driver = join(work, 'image-store.mjs');

/**
 * Each run fills a new directory and none is emptied before the end: ext4 is slow to give out inodes that were freed a
 * short while ago, which would measure the run before.
 */
let fresh = 0;
const freshDirectory = () => join(work, `run-${fresh++}`);

async function timeOurs(verb, source) {
  const env = { ...environment, TCOMPOSE_NATIVE: join(top, 'runtime/build') };
  spawnSync('sync', ['-f', work]);
  return (await spawnAside(process.execPath, [driver, verb, freshDirectory(), source], env)).ms;
}

async function compare(what, verb, source, dockerArguments) {
  const [ours, theirs] = [[], []];
  for (let n = 0; n < runs; n += 1) {
    ours.push(await timeOurs(verb, source));
    spawnSync('sync', ['-f', work]);
    if (hasDocker) theirs.push(await timeDocker(freshDirectory(), ...dockerArguments));
  }
  const ms = median(ours);
  const docker = hasDocker ? median(theirs) : undefined;
  const comparison =
    docker === undefined ? '' : `${(ms / docker).toFixed(2)} x docker (${docker.toFixed(0)} ms)`;
  row(what, ms, 'ms', comparison, '0.5');
}

/** A registry on loopback with the two images in it. */
async function startRegistry(archives) {
  const file = join(work, 'registry.json');
  const storage = { filesystem: { rootdirectory: join(work, 'registry') } };
  writeFileSync(file, JSON.stringify({ version: '0.1', storage, http: { addr: '127.0.0.1:0' } }));
  const registry = start('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let host;
  for await (const line of createInterface({ input: registry.stderr })) {
    host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (host) break;
  }
  registry.stderr.resume();
  for (const [size, archive] of Object.entries(archives)) {
    const target = `docker://${host}/bench/${size}:1`;
    await spawnAside('skopeo', [
      'copy',
      '-q',
      '--dest-tls-verify=false',
      `docker-archive:${archive}`,
      target,
    ]);
  }
  return { host, stop: () => registry.kill('SIGKILL') && once(registry, 'exit') };
}

export async function benchImages() {
  const needed = ['mmdebstrap', 'skopeo', 'docker-registry'];
  const missing = needed.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  if (missing.length > 0) return console.log(`not measured, needs ${missing.join(', ')}: load and pull`);
  if (!hasDocker) console.log('not compared, needs docker.io: load and pull');
  mkdirSync(work);
  await build({
    entryPoints: [join(top, 'scripts/bench/image-store.ts')],
    outfile: driver,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  const archives = makeImages(work, process.env.BENCH_DEBIAN_TAR);
  for (const [size, what] of Object.entries(sizes))
    await compare(`image load, ${what}`, 'load', archives[size], ['load', '-q', '-i', archives[size]]);
  const { host, stop } = await startRegistry(archives);
  try {
    for (const [size, what] of Object.entries(sizes)) {
      const name = `${host}/bench/${size}:1`;
      await compare(`pull, ${what}`, 'pull', name, ['pull', '-q', name]);
    }
  } finally {
    await stop();
  }
}
