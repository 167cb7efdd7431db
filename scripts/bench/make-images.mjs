// Images to measure with, made of Debian packages: one of a single layer with a small Debian, and one of six such layers
// beside each other, about 1 GB in some 50,000 files. As `docker save` writes them.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const layersOfLarge = 6;

function run(command, args) {
  const result = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.error ?? result.stderr}`);
}

function hashFile(path) {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, 'r');
  for (let got = readSync(file, buffer); got > 0; got = readSync(file, buffer)) {
    hash.update(buffer.subarray(0, got));
  }
  closeSync(file);
  return hash.digest('hex');
}

/** Writes `layers` (paths of tars) as one archive. */
function writeArchive(directory, archive, { name, layers }) {
  const diffIds = layers.map((layer) => `sha256:${hashFile(layer)}`);
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map(() => ({ created: '2024-01-01T00:00:00Z' })),
  };
  const names = layers.map((layer) => layer.slice(directory.length + 1));
  const item = { Config: 'config.json', RepoTags: [name], Layers: names };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify([item]));
  run('tar', ['-C', directory, '-cf', archive, 'manifest.json', 'config.json', ...names]);
}

/** Paths of the two archives in `directory`. `debian`: the tar of a root, made if it is not there. */
export function makeImages(directory, debian = join(directory, 'debian.tar')) {
  const work = join(directory, 'images');
  const tree = join(work, 'tree');
  mkdirSync(tree, { recursive: true });
  if (spawnSync('test', ['-e', debian]).status !== 0) {
    run('mmdebstrap', ['--quiet', '--variant=minbase', 'bookworm', debian]);
  }
  run('tar', ['-C', tree, '-xf', debian]);
  const tar = (name, transform) => {
    const path = join(work, name);
    run('tar', ['-C', tree, '--exclude=./dev/*', `--transform=${transform}`, '-cf', path, '.']);
    return path;
  };
  const archives = { small: join(directory, 'small.tar'), large: join(directory, 'large.tar') };
  writeArchive(work, archives.small, { name: 'bench/small:1', layers: [tar('small.tar', 's,^x,x,')] });
  const layers = Array.from({ length: layersOfLarge }, (_, at) => tar(`${at}.tar`, `s,^\\./,./part${at}/,S`));
  writeArchive(work, archives.large, { name: 'bench/large:1', layers });
  rmSync(work, { recursive: true });
  return archives;
}
