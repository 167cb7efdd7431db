// `up` on a machine that does not have the images yet, against a real registry.

import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { busyboxLayer, makeImage, noise, smallLayer } from '../native/image/fixture-image.ts';
import { buildTar } from '../native/image/tar-builder.ts';
import { findContained } from './host-state.ts';
import { finish, RegistryScene, runBeside, startBeside } from './registry-scene.ts';
import { Scenario } from './scenario.ts';

const sleep = { Cmd: ['busybox', 'sleep', '300'] };

describe('up pulls what is missing', () => {
  let scene: RegistryScene;
  let project: Scenario;

  beforeAll(async () => {
    scene = await RegistryScene.start();
    await scene.publish('app:1', makeImage({ config: sleep }));
    await scene.publish(
      'moving:latest',
      makeImage({ layers: [busyboxLayer(), smallLayer('a')], config: sleep }),
    );
    await scene.publish(
      'big:1',
      makeImage({ layers: [busyboxLayer(), buildTar([{ name: 'n', content: noise(3_000_000) }])] }),
    );
  });
  afterAll(() => scene.dispose());

  beforeEach(() => {
    project = new Scenario({});
    scene.proxy.letGo();
    scene.proxy.forget();
  });
  afterEach(() => project.dispose());

  /** What the images run does not listen to SIGTERM. */
  const compose = (services: Record<string, object>) => {
    const patient = Object.entries(services).map(([name, service]) => [
      name,
      { stop_grace_period: '0s', ...service },
    ]);
    const text = JSON.stringify({ name: 'pulling', services: Object.fromEntries(patient) });
    project.write('compose.yaml', text);
  };

  it('each image once, however many services use it, and says so in lines', async () => {
    compose({
      one: { image: scene.name('app:1'), pull_policy: 'missing' },
      two: { image: scene.name('app:1'), pull_policy: 'always' },
    });
    const { status, stderr } = await runBeside(project, 'up', '-d');
    expect(stderr).toContain(` Image ${scene.name('app:1')}  Pulling\n`);
    expect(stderr).toMatch(/ [0-9a-f]{12} {2}Downloading {2}[\d.]+[kM]B\n/);
    expect(stderr).toMatch(/ [0-9a-f]{12} {2}Pull complete\n/);
    expect(stderr.match(/ {2}Pulled\n/g)).toHaveLength(1);
    expect(status).toBe(0);
    expect(scene.proxy.count(/^GET .*\/manifests\//)).toBe(1);
    expect(scene.proxy.count(/^GET .*\/blobs\//)).toBe(2);
    expect(project.ps().map(({ State }) => State)).toEqual(['running', 'running']);
    scene.proxy.forget();
    const again = await runBeside(project, 'up', '-d', '--pull', 'missing');
    expect(again.stderr).toBe(' Project pulling  Nothing to do\n');
    expect(scene.proxy.asked).toEqual([]);
  });

  it('quietly when asked, and as JSON when asked', async () => {
    compose({ app: { image: scene.name('app:1') } });
    const quiet = await runBeside(project, 'create', '--quiet-pull');
    expect(quiet.stderr).not.toContain('Image');
    expect(quiet.status).toBe(0);
    compose({ app: { image: scene.name('big:1') } });
    const json = await runBeside(project, '--progress', 'json', 'create');
    const lines = json.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const image = `Image ${scene.name('big:1')}`;
    expect(lines[0]).toEqual({ id: image, status: 'Working', text: 'Pulling' });
    expect(lines).toContainEqual({ id: image, status: 'Done', text: 'Pulled' });
    const complete = lines.find(({ text, parent_id }) => text === 'Pull complete' && parent_id === image);
    expect(complete).toMatchObject({ status: 'Done', percent: 100, current: complete.total });
  });

  it('never in a dry run, which says what it would pull', async () => {
    compose({ app: { image: scene.name('app:1') }, other: { image: scene.name('app:1') } });
    const plan = await runBeside(project, 'plan');
    expect(plan.stdout).toContain('1 image to pull');
    expect(plan.stdout).toMatch(new RegExp(`\\+ image +${scene.name('app:1')} +pull\n`));
    const dry = await runBeside(project, '--dry-run', 'up', '-d');
    expect(dry.stdout).toMatch(new RegExp(`\\+ image +${scene.name('app:1')} +pull\n`));
    const json = await runBeside(project, 'plan', '--format', 'json');
    expect(JSON.parse(json.stdout).images).toEqual([
      { image: scene.name('app:1'), action: 'pull', why: 'missing', services: ['app', 'other'] },
    ]);
    expect(scene.proxy.asked).toEqual([]);
  });

  it('not at all if the policy forbids it, with the line that names the image', async () => {
    compose({ app: { image: scene.name('app:1'), pull_policy: 'never' } });
    const refused = await runBeside(project, 'up', '-d');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/^compose\.yaml:1:\d+: error: image .*app:1 is not here/);
    compose({ app: { image: scene.name('app:1') } });
    expect((await runBeside(project, 'up', '-d', '--pull', 'never')).status).toBe(1);
    expect(scene.proxy.asked).toEqual([]);
  });

  it('names every image that cannot be had, and changes nothing', async () => {
    compose({
      app: { image: scene.name('app:1') },
      lost: { image: scene.name('app:nope') },
      gone: { image: scene.name('missing:1') },
    });
    const { status, stderr } = await runBeside(project, 'up', '-d');
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(` Image ${scene.name('app:nope')} {2}Error {2}.+`));
    expect(stderr.match(/^compose\.yaml:1:\d+: error: /gm)).toHaveLength(2);
    expect(stderr).toContain('2 errors');
    expect(project.list('containers')).toEqual([]);
    expect(project.list('networks')).toEqual([]);
  });

  it('recreates a container whose image has moved, and says why', async () => {
    compose({
      app: { image: scene.name('moving:latest'), pull_policy: 'always' },
      calm: { image: scene.name('moving:latest'), pull_policy: 'never', profiles: ['calm'] },
    });
    await runBeside(project, 'up', '-d');
    const [before] = project.ps();
    expect((await runBeside(project, 'up', '-d')).stderr).toContain('Pulled  up to date');
    await scene.publish(
      'moving:latest',
      makeImage({ layers: [busyboxLayer(), smallLayer('b')], config: sleep }),
    );
    expect((await runBeside(project, 'plan')).stdout).toContain('pull again: its policy asks for it');
    const moved = await runBeside(project, 'up', '-d');
    expect(moved.stderr).toContain('Container pulling-app-1  Recreated');
    const [after] = project.ps();
    expect(after?.ID).not.toBe(before?.ID);
    const record = readFileSync(join(project.root, 'images/index.json'), 'utf8');
    expect(JSON.parse(record).manifests).toHaveLength(2);
  });

  it('ends at Ctrl-C, leaves nothing half-visible, and goes on from there', async () => {
    compose({ app: { image: scene.name('big:1'), command: 'busybox sleep 300' } });
    const held = scene.proxy.hold();
    const child = startBeside(project, 'up', '-d');
    const ended = finish(child);
    await held;
    // Nothing comes any more: only the signal can end it.
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
    expect((await runBeside(project, 'plan')).stdout).toContain('1 image to pull');
    expect(project.list('containers')).toEqual([]);
    scene.proxy.letGo();
    expect((await runBeside(project, 'up', '-d')).status).toBe(0);
    const { ID, State } = project.container('pulling-app-1');
    expect(State).toBe('running');
    expect(findContained(ID).length).toBeGreaterThan(0);
  });

  it('looks again once an image is older than its policy allows', async () => {
    compose({ app: { image: scene.name('app:1'), pull_policy: 'every_1h' } });
    await runBeside(project, 'create');
    scene.proxy.forget();
    await runBeside(project, 'create');
    expect(scene.proxy.asked).toEqual([]);
    const index = join(project.root, 'images/index.json');
    const text = readFileSync(index, 'utf8');
    const old = text.replace(
      /"io\.tcompose\.tagged": "[^"]+"/g,
      '"io.tcompose.tagged": "2020-01-01T00:00:00Z"',
    );
    expect(old).not.toBe(text);
    project.write('../root/images/index.json', old);
    // What a build makes again is as young as its manifest.
    const blobs = join(project.root, 'images/blobs/sha256');
    for (const name of readdirSync(blobs)) utimesSync(join(blobs, name), new Date(0), new Date(0));
    await runBeside(project, 'create');
    expect(scene.proxy.count(/^HEAD .*\/manifests\//)).toBe(1);
  });
});
