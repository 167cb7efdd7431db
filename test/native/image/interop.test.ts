// Archives between tcompose, Docker and Podman, in both directions. skopeo reads ours in store.test.ts.

import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArchiveFormat } from '../../../src/image/archive/save.ts';
import type { ImageStore } from '../../../src/image/store.ts';
import { DockerDaemon, hasDocker } from './docker-daemon.ts';
import { busyboxLayer, makeImage, smallLayer, writeLayout } from './fixture-image.ts';
import { runAside, Sandbox } from './sandbox.ts';

const hasPodman = existsSync('/usr/bin/podman');
const name = 'example.com/team/bb:1';
const image = makeImage({
  layers: [busyboxLayer(), smallLayer('a')],
  config: { Cmd: ['sh'], Env: ['A=b'], Labels: { team: 'us' } },
});

let sandbox: Sandbox;
let store: ImageStore;
beforeEach(async () => {
  sandbox = new Sandbox();
  store = sandbox.store();
  await store.load(writeLayout(sandbox, 'oci', [{ image, name }]));
});
afterEach(() => sandbox.dispose());

async function save(format: ArchiveFormat): Promise<string> {
  const path = sandbox.path('saved.tar');
  await pipeline(store.save([name], format), createWriteStream(path));
  return path;
}

/** The archive, loaded where nothing is yet, is the image that we began with. */
async function expectLoads(archive: string, reference = name): Promise<void> {
  const other = sandbox.store({ root: sandbox.path('other') });
  const [entry] = await other.load(archive);
  expect(entry).toMatchObject({ name: reference, imageId: image.config.digest });
  const resolved = await other.resolve(reference, { directory: '/', policy: 'never' });
  expect(resolved.config).toMatchObject({ Cmd: ['sh'], Env: ['A=b'] });
  expect(readFileSync(`${resolved.layers[0]}/a`, 'utf8')).toBe('a');
}

describe.skipIf(!hasDocker)('Docker (needs the Debian package docker.io)', () => {
  let docker: DockerDaemon;
  beforeEach(async () => {
    docker = await DockerDaemon.start(sandbox);
  });
  afterEach(() => docker.stop());

  it('loads what image save writes, and image load what docker save writes', async () => {
    expect(await docker.run('load', '-i', await save('docker-archive'))).toContain(name);
    const [found] = JSON.parse(await docker.run('image', 'inspect', name));
    expect(found).toMatchObject({
      Id: image.config.digest,
      Config: { Env: ['A=b'], Labels: { team: 'us' } },
      RootFS: { Layers: image.diffIds },
    });
    await docker.run('tag', name, 'other:2');
    await docker.run('save', '-o', sandbox.path('docker.tar'), 'other:2');
    await expectLoads(sandbox.path('docker.tar'), 'docker.io/library/other:2');
  });
});

describe.skipIf(!hasPodman)('Podman (needs the Debian package podman)', () => {
  const podman = (...args: string[]) =>
    runAside(
      '/usr/bin/podman',
      ...['--root', sandbox.path('podman'), '--runroot', sandbox.path('podman-run')],
      ...['--tmpdir', sandbox.path('podman-tmp'), '--storage-driver', 'vfs', '--events-backend', 'none'],
      ...args,
    );

  for (const format of ['docker-archive', 'oci-archive'] as const) {
    it(`${format}: loads what image save writes, and image load what podman save writes`, async () => {
      await podman('load', '-q', '-i', await save(format));
      const [found] = JSON.parse(await podman('image', 'inspect', name));
      expect(found).toMatchObject({ Id: image.config.digest.slice(7), RootFS: { Layers: image.diffIds } });
      await podman('save', '-q', '--format', format, '-o', sandbox.path('podman.tar'), name);
      await expectLoads(sandbox.path('podman.tar'));
    });
  }
});
