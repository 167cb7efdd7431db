// What `image:` may say beside the name in a registry, each run from the project's own directory; and images that are
// made for other machines.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { busyboxLayer, makeImage, writeLayout } from '../native/image/fixture-image.ts';
import { RegistryScene, runBeside } from './registry-scene.ts';
import { Scenario } from './scenario.ts';

let scene: RegistryScene;
let project: Scenario;

beforeAll(async () => {
  scene = await RegistryScene.start();
});
afterAll(() => scene.dispose());
beforeEach(() => {
  project = new Scenario({});
});
afterEach(() => project.dispose());

const compose = (services: Record<string, object>) =>
  project.write('compose.yaml', JSON.stringify({ name: 'demo', services }));

/** An image that holds `word`, copied by skopeo to where the project expects it. */
function copyTo(target: string, word: string): void {
  const layer = busyboxLayer({ name: 'word', content: word });
  const layout = writeLayout(scene.sandbox, `source-${word}`, [
    { image: makeImage({ layers: [layer] }), name: 'x' },
  ]);
  execFileSync('skopeo', ['copy', '-q', '--insecure-policy', `oci:${layout}:x`, target], {
    cwd: project.directory,
  });
}

function makeRoot(directory: string): void {
  for (const path of ['bin', 'etc', 'proc', 'sys', 'dev'])
    mkdirSync(join(directory, path), { recursive: true });
  copyFileSync('/bin/busybox', join(directory, 'bin/busybox'));
  chmodSync(join(directory, 'bin/busybox'), 0o755);
  symlinkSync('busybox', join(directory, 'bin/sh'));
}

describe('an image from the project directory', () => {
  it('runs from docker-archive:, oci:, oci-archive: and rootfs:, and is loaded once', async () => {
    mkdirSync(join(project.directory, 'images'));
    copyTo('docker-archive:images/docker.tar:demo/docker:1', 'docker');
    copyTo('oci:images/layout:v1', 'layout');
    copyTo('oci-archive:images/oci.tar:v1', 'archive');
    makeRoot(join(project.directory, 'images/root'));
    project.write('images/root/word', 'root');
    const command = ['busybox', 'cat', '/word'];
    compose({
      docker: { image: 'docker-archive:images/docker.tar', command },
      layout: { image: 'oci:images/layout:v1', command },
      archive: { image: 'oci-archive:./images/oci.tar', command },
      root: { image: 'rootfs:images/root', command },
    });
    const first = await runBeside(project, 'up', '--no-color', '--no-log-prefix');
    expect(first.status).toBe(0);
    expect(first.stderr).toContain(' Image docker-archive:images/docker.tar  Loaded\n');
    for (const word of ['docker', 'layout', 'archive', 'root']) expect(first.stdout).toContain(word);
    const again = await runBeside(project, 'up', '--no-start');
    expect(again.stderr).not.toContain('Loading');
    const rows = JSON.parse(project.ok('images', '--format', 'json').stdout);
    expect(rows).toHaveLength(4);
  });

  it('that is not there is an error with its line, and changes nothing', async () => {
    compose({ one: { image: 'docker-archive:none.tar' }, two: { image: 'rootfs:nowhere' } });
    const { status, stderr } = await runBeside(project, 'up', '-d');
    expect(status).toBe(1);
    expect(stderr.match(/^compose\.yaml:1:\d+: error: /gm)).toHaveLength(2);
    expect(project.list('networks')).toEqual([]);
  });
});

describe('an image for another machine', () => {
  const foreign = process.arch === 'arm64' ? 'amd64' : 'arm64';
  /** The beginning of an ELF file for a machine that nobody has: EM_AVR. */
  const program = Buffer.from(`7f454c4602010100000000000000000002005300${'00'.repeat(44)}`, 'hex');

  it('is told before, and its failure explained', async () => {
    const layer = busyboxLayer({ name: 'app', content: program, mode: 0o755 });
    await scene.publish(
      'foreign:1',
      makeImage({ architecture: foreign, layers: [layer], config: { Cmd: ['/app'] } }),
    );
    compose({ app: { image: scene.name('foreign:1') } });
    const { status, stderr } = await runBeside(project, 'up', '-d');
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      `image ${scene.name('foreign:1')} is made for linux/${foreign}, and this machine is`,
    );
    expect(stderr).toMatch(/did not start: .*(ENOEXEC|[Ee]xec format error)/);
    expect(stderr).toContain('made for another kind of machine');
  });

  it('than the one that was asked for is refused, and nothing is made', async () => {
    await scene.publish('here:1');
    compose({ app: { image: scene.name('here:1'), platform: 'linux/riscv64', command: 'busybox true' } });
    const { status, stderr } = await runBeside(project, 'up', '-d');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^compose\.yaml:1:\d+: error: .*made for linux\/\w+, and not for linux\/riscv64/m);
    expect(project.list('networks')).toEqual([]);
  });
});
