// `down --rmi`, seen in the store.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeImage, writeLayout } from '../native/image/fixture-image.ts';
import { RegistryScene, runBeside } from './registry-scene.ts';
import { Scenario } from './scenario.ts';

let scene: RegistryScene;
let project: Scenario;

beforeAll(async () => {
  scene = await RegistryScene.start();
  await scene.publish('app:1');
  await scene.publish('shared:1', makeImage({ config: { Cmd: ['busybox', 'true'] } }));
});
afterAll(() => scene.dispose());
beforeEach(() => {
  project = new Scenario({});
});
afterEach(() => {
  project.run('-p', 'other', 'down');
  project.dispose();
});

const compose = (services: Record<string, object>) =>
  project.write('compose.yaml', JSON.stringify({ name: 'demo', services }));

interface Manifest {
  readonly annotations: Readonly<Record<string, string>>;
}

function storedNames(): (string | undefined)[] {
  const index = JSON.parse(readFileSync(join(project.root, 'images/index.json'), 'utf8'));
  return index.manifests.map(({ annotations }: Manifest) => annotations['org.opencontainers.image.ref.name']);
}

it('removes the images of all services once their containers are gone, and says so before', async () => {
  const layout = writeLayout(scene.sandbox, 'archive', [
    { image: makeImage({ config: { Cmd: ['busybox', 'id'] } }) },
  ]);
  compose({ app: { image: scene.name('app:1') }, tools: { image: `oci:${layout}` }, own: { image: 'host' } });
  await runBeside(project, 'create');
  expect(storedNames()).toHaveLength(2);
  const dry = await runBeside(project, '--dry-run', 'down', '--rmi', 'all');
  expect(dry.stdout).toMatch(new RegExp(`- image +${scene.name('app:1')} +remove\n`));
  expect(storedNames()).toHaveLength(2);
  const { status, stderr } = await runBeside(project, 'down', '--rmi', 'all');
  expect(status).toBe(0);
  expect(stderr).toContain(` Image ${scene.name('app:1')}  Removed\n`);
  expect(stderr).toContain(` Image oci:${layout}  Removed\n`);
  expect(storedNames()).toEqual([]);
  expect(project.list('layers').filter((name) => /^[0-9a-f]{64}$/.test(name))).toEqual([]);
});

it('keeps what another project uses, and says who', async () => {
  compose({ app: { image: scene.name('app:1') }, db: { image: scene.name('shared:1') } });
  await runBeside(project, 'create');
  await runBeside(project, '-p', 'other', 'create', 'db');
  const { status, stderr } = await runBeside(project, 'down', '--rmi', 'all');
  expect(status).toBe(0);
  expect(stderr).toContain(
    `image ${scene.name('shared:1')} stays: it is in use by other-db-1 of project other`,
  );
  expect(storedNames()).toEqual([scene.name('shared:1')]);
  expect((await runBeside(project, '-p', 'other', 'up', '-d', '--pull', 'never', 'db')).status).toBe(0);
});

it('with local leaves alone what has a name', async () => {
  compose({ app: { image: scene.name('app:1') } });
  await runBeside(project, 'create');
  expect((await runBeside(project, 'down', '--rmi', 'local')).status).toBe(0);
  expect(storedNames()).toEqual([scene.name('app:1')]);
  // What is not there any more is no error.
  await runBeside(project, 'down', '--rmi', 'all');
  expect((await runBeside(project, 'down', '--rmi', 'all')).status).toBe(0);
  expect(storedNames()).toEqual([]);
});
