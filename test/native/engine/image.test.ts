// Containers of images with layers, configuration and volumes of their own.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { planUp } from '../../../src/plan/up.ts';
import { Stack } from './stack.ts';

let stack: Stack;
afterEach(() => stack.dispose());

const APPLETS = ['sh', 'sleep', 'cat', 'ls', 'id', 'stat', 'echo'];
const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A docker-archive of two layers: busybox, and over it content of /data that hides a file of the first. */
function buildArchive(directory: string): string {
  const layers = ['base', 'top'].map((name) => join(directory, name));
  const [base = '', top = ''] = layers;
  for (const path of ['bin', 'etc', 'data/kept', 'tmp']) mkdirSync(join(base, path), { recursive: true });
  copyFileSync('/usr/bin/busybox', join(base, 'bin/busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(base, 'bin', applet));
  writeFileSync(join(base, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nowner:x:1234:1234::/:/bin/sh\n');
  writeFileSync(join(base, 'etc/group'), 'root:x:0:\nowner:x:1234:\n');
  writeFileSync(join(base, 'data/hidden'), 'hidden');
  writeFileSync(join(base, 'data/kept/file'), 'kept');
  mkdirSync(join(top, 'data'), { recursive: true });
  writeFileSync(join(top, 'data/.wh.hidden'), '');
  writeFileSync(join(top, 'data/new'), 'new');
  chmodSync(join(top, 'data'), 0o750);
  for (const layer of layers) {
    execFileSync('tar', ['-C', layer, '--owner=1234', '--group=1234', '-cf', `${layer}.tar`, '.']);
  }
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {
      Env: ['PATH=/bin', 'FROM_IMAGE=yes'],
      Cmd: ['sleep', '600'],
      User: 'owner',
      Volumes: { '/data': {} },
      Healthcheck: { Test: ['CMD', 'ls', '/data/kept'], Interval: 1e9, StartPeriod: 5e9, StartInterval: 1e8 },
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${digest(`${layer}.tar`)}`) },
  };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: ['test:1'], Layers: ['base.tar', 'top.tar'] }];
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(directory, 'image.tar');
  const members = ['manifest.json', 'config.json', 'base.tar', 'top.tar'];
  execFileSync('tar', ['-C', directory, '-cf', archive, ...members]);
  return archive;
}

describe('an image from an archive', () => {
  it('brings command, environment, user, health probe and the content of its volumes', async () => {
    stack = new Stack(`
name: image
services:
  app:
    image: docker-archive:image/image.tar
    init: true
    stop_grace_period: 1s
    volumes: ["named:/named", "filled:/data/kept"]
volumes: {named: {}, filled: {}}
`);
    mkdirSync(join(stack.directory, 'image'));
    buildArchive(join(stack.directory, 'image'));
    await stack.up({ wait: true });
    const app = await stack.container('app');
    expect(app.health).toBe('healthy');
    const shell = async (text: string) => (await stack.exec('app', 'sh', '-c', text)).stdout;
    expect(await shell('id -un; echo $FROM_IMAGE')).toBe('owner\nyes\n');
    expect(await shell('ls /data; cat /data/new /data/kept/file; stat -c "%u %a" /data')).toBe(
      'kept\nnew\nnewkept1234 750\n',
    );
    const { volumes } = await stack.state();
    expect(volumes.filter((volume) => volume.anonymous)).toHaveLength(1);
    expect((await stack.plan()).nodes).toEqual([]);
  });

  it('stays whole while a container is made of it, whoever removes it meanwhile', async () => {
    stack = new Stack(
      'name: image\nservices:\n  app:\n    image: docker-archive:image/image.tar\n    init: true\n    stop_grace_period: 1s\n',
    );
    mkdirSync(join(stack.directory, 'image'));
    buildArchive(join(stack.directory, 'image'));
    const model = stack.model();
    const inputs = await stack.engine.resolveInputs(model, undefined, 'execute');
    const other = stack.open();
    const removed = await other.images.prune({ all: true });
    expect(removed.deleted).toEqual([inputs.services['app']?.imageId]);
    expect(removed.reclaimed).toBe(0);
    await stack.execute('up', (state) => planUp(model, inputs, state, {}));
    expect((await stack.container('app')).state).toBe('running');
    // From then on the container's record keeps it.
    await other.images.prune({ all: true });
    expect((await stack.exec('app', 'cat', '/data/new')).stdout).toBe('new');
  });

  it('with a user that it lacks is refused before anything is made', async () => {
    stack = new Stack(
      'name: image\nservices:\n  app:\n    image: docker-archive:image/image.tar\n    user: nobody\n',
    );
    mkdirSync(join(stack.directory, 'image'));
    buildArchive(join(stack.directory, 'image'));
    const error = await stack.up().catch((failure) => failure);
    expect(error).toMatchObject({ code: 'no-such-user', source: { line: 5 } });
    expect((await stack.state()).networks).toEqual([]);
  });
});
