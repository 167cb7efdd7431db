// `pull`, `push` and `images` of a project, against a real registry.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { busyboxLayer, makeImage, noise } from '../native/image/fixture-image.ts';
import { buildTar } from '../native/image/tar-builder.ts';
import { finish, RegistryScene, runBeside, startBeside } from './registry-scene.ts';
import { eventually, Scenario } from './scenario.ts';

let scene: RegistryScene;
let project: Scenario;

beforeAll(async () => {
  scene = await RegistryScene.start();
  await scene.publish('app:1');
  await scene.publish(
    'team/db:2',
    makeImage({ layers: [busyboxLayer({ name: 'db', content: noise(400_000) })] }),
  );
  await scene.publish('big:1', makeImage({ layers: [buildTar([{ name: 'n', content: noise(3_000_000) }])] }));
});
afterAll(() => scene.dispose());

beforeEach(() => {
  project = new Scenario({});
  scene.proxy.letGo();
  scene.proxy.forget();
});
afterEach(() => project.dispose());

const compose = (services: Record<string, object>) =>
  project.write('compose.yaml', JSON.stringify({ name: 'demo', services }, null, 1));

describe('pull', () => {
  it('gets each image once, and says of the others why not', async () => {
    compose({
      app: { image: scene.name('app:1') },
      again: { image: scene.name('app:1') },
      db: { image: scene.name('team/db:2'), pull_policy: 'missing' },
      here: { image: scene.name('nowhere:1'), pull_policy: 'never' },
      built: { build: '.' },
    });
    const first = await runBeside(project, 'pull');
    expect(first.status).toBe(0);
    expect(first.stderr).toContain(` Image ${scene.name('team/db:2')}  Pulled\n`);
    expect(first.stderr).toContain(` Image ${scene.name('nowhere:1')}  Skipped  its pull_policy is never\n`);
    expect(first.stderr).toContain(' Service built  Skipped  it names no image to be pulled\n');
    expect(scene.proxy.count(/^GET \/v2\/app\/manifests/)).toBe(1);
    const second = await runBeside(project, 'pull');
    expect(second.stderr).toContain(` Image ${scene.name('app:1')}  Pulled  up to date\n`);
    expect(second.stderr).toContain(` Image ${scene.name('team/db:2')}  Skipped  it is here already\n`);
    expect(project.list('containers')).toEqual([]);
    expect((await runBeside(project, 'pull', '-q')).stderr).toBe('');
  });

  it('gets what is mounted and what hooks run as well', async () => {
    compose({
      app: {
        image: scene.name('app:1'),
        volumes: [{ type: 'image', source: scene.name('team/db:2'), target: '/db' }],
        pre_start: [{ command: 'true', image: scene.name('big:1') }],
      },
      other: { image: scene.name('app:1'), volumes: [{ type: 'image', source: 'built', target: '/b' }] },
      built: { build: '.', image: scene.name('nowhere:1') },
    });
    const pulled = await runBeside(project, 'pull', 'app', 'other');
    expect(pulled.status).toBe(0);
    for (const name of ['app:1', 'team/db:2', 'big:1']) {
      expect(pulled.stderr).toContain(` Image ${scene.name(name)}  Pulled\n`);
    }
    expect(pulled.stderr).not.toContain('nowhere');
  });

  it('of named services, with or without what they depend on', async () => {
    compose({
      app: { image: scene.name('app:1'), depends_on: ['db'] },
      db: { image: scene.name('team/db:2') },
    });
    const alone = await runBeside(project, 'pull', 'app');
    expect(alone.stderr).not.toContain('team/db');
    const all = await runBeside(
      project,
      'pull',
      '--policy',
      'missing',
      '--include-deps',
      '--no-parallel',
      'app',
    );
    expect(all.stderr).toContain(` Image ${scene.name('app:1')}  Skipped`);
    expect(all.stderr).toContain(` Image ${scene.name('team/db:2')}  Pulled`);
    const unknown = await runBeside(project, 'pull', 'ap');
    expect(unknown).toMatchObject({ status: 1 });
    expect(unknown.stderr).toContain('no such service: ap');
  });

  it('tells of every image that cannot be had, and gets the others', async () => {
    compose({
      app: { image: scene.name('app:1') },
      lost: { image: scene.name('app:nope') },
      gone: { image: scene.name('gone:1') },
      too: { image: scene.name('gone:1') },
    });
    const strict = await runBeside(project, 'pull');
    expect(strict.status).toBe(1);
    expect(strict.stderr).toMatch(/compose\.yaml:\d+:\d+: error: .*app/);
    expect(strict.stderr).toMatch(/compose\.yaml:\d+:\d+: error: .*gone/);
    expect(strict.stderr).toContain('services gone, too use this image');
    expect(strict.stderr).toContain('2 errors');
    expect(strict.stderr).toContain(` Image ${scene.name('app:1')}  Pulled`);
    const lenient = await runBeside(project, 'pull', '--ignore-pull-failures');
    expect(lenient.status).toBe(0);
    expect(lenient.stderr.match(/warning: /g)).toHaveLength(2);
  });

  it('gets nothing in a dry run, and leaves out what can be built if asked', async () => {
    compose({ app: { image: scene.name('app:1'), build: '.' }, db: { image: scene.name('team/db:2') } });
    const dry = await runBeside(project, '--dry-run', 'pull', '--ignore-buildable');
    expect(dry.stdout).toBe(
      `Project demo: 1 image to pull\n\n  + image      ${scene.name('team/db:2')}  pull\n`,
    );
    expect(scene.proxy.asked).toEqual([]);
  });

  it('ends at Ctrl-C, and what had arrived is not fetched again', async () => {
    compose({ app: { image: scene.name('big:1') } });
    const held = scene.proxy.hold();
    const child = startBeside(project, 'pull');
    const ended = finish(child);
    await held;
    // What was sent need not have arrived. Not the configuration, which is small, and whole soon.
    const arriving = join(project.root, 'images/ingest');
    const sizeOf = (name: string) => statSync(join(arriving, name), { throwIfNoEntry: false })?.size ?? 0;
    await eventually('some has arrived', () => readdirSync(arriving).some((name) => sizeOf(name) > 10_000));
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
    scene.proxy.letGo();
    const again = await runBeside(project, '--progress', 'json', 'pull');
    expect(again.status).toBe(0);
    expect(scene.proxy.ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-/);
  });
});

describe('push', () => {
  it('sends what the project builds, under all its names', async () => {
    compose({
      app: { image: scene.name('app:1'), build: { context: '.', tags: [scene.name('copy:2')] } },
      db: { image: scene.name('team/db:2') },
      anonymous: { build: '.' },
    });
    await runBeside(project, 'pull', 'app');
    await scene.sandbox.store({ root: project.root }).tag(scene.name('app:1'), scene.name('copy:2'));
    const dry = await runBeside(project, '--dry-run', 'push');
    expect(dry.stdout).toContain('2 images to push');
    expect(await scene.has('copy:2')).toBe(false);
    const { status, stderr } = await runBeside(project, 'push');
    expect(status).toBe(0);
    expect(stderr).toContain(` Image ${scene.name('copy:2')}  Pushed\n`);
    expect(stderr).toContain(` Image ${scene.name('team/db:2')}  Skipped  the project does not build it\n`);
    expect(stderr).toContain(' Service anonymous  Skipped  it names no image\n');
    expect(await scene.has('copy:2')).toBe(true);
  });

  it('tells of every image that is not here, with its line', async () => {
    compose({
      one: { image: scene.name('one:1'), build: '.' },
      two: { image: scene.name('two:1'), build: '.' },
    });
    const strict = await runBeside(project, 'push');
    expect(strict.status).toBe(1);
    expect(strict.stderr.match(/^compose\.yaml:\d+:\d+: error: there is no image/gm)).toHaveLength(2);
    const lenient = await runBeside(project, 'push', '-q', '--ignore-push-failures');
    expect(lenient.status).toBe(0);
    expect(lenient.stderr.match(/warning: /g)).toHaveLength(2);
  });
});

describe('images', () => {
  it('lists what containers were made from', async () => {
    compose({ app: { image: scene.name('app:1'), scale: 2 }, db: { image: scene.name('team/db:2') } });
    await runBeside(project, 'create');
    const table = project.ok('images').stdout;
    expect(table).toMatch(/^CONTAINER +REPOSITORY +TAG +PLATFORM +IMAGE ID +SIZE +CREATED\n/);
    expect(table).toMatch(
      new RegExp(`demo-db-1 +${scene.name('team/db')} +2 +linux/amd64 +[0-9a-f]{12} +[\\d.]+[kM]B +`),
    );
    const rows = JSON.parse(project.ok('images', '--format', 'json').stdout);
    expect(rows.map((row: { ContainerName: string }) => row.ContainerName)).toEqual([
      'demo-app-1',
      'demo-app-2',
      'demo-db-1',
    ]);
    expect(rows[0]).toEqual({
      ID: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      ContainerName: 'demo-app-1',
      Repository: scene.name('app'),
      Tag: '1',
      Platform: 'linux/amd64',
      Size: expect.any(Number),
      Created: '2024-05-06T07:08:09Z',
      LastTagTime: expect.stringMatching(/^20\d\d-/),
    });
    expect(project.ok('images', '-q').stdout.trim().split('\n')).toHaveLength(2);
    expect(JSON.parse(project.ok('images', '--format', 'json', 'db').stdout)).toHaveLength(1);
    expect(project.run('images', 'nobody').status).toBe(1);
  });
});
