// Steps of builds that go from one machine to another: two data roots that share nothing but the cache.

import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RegistryServer } from '../native/image/registry-server.ts';
import { Sandbox } from '../native/image/sandbox.ts';
import { stepsOf } from './build-steps.ts';
import { Scenario } from './scenario.ts';

const dockerfile = `FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin

FROM base AS made
WORKDIR /work
RUN cat /proc/sys/kernel/random/uuid > made

FROM base
COPY --from=made /work/made /made
COPY a.txt /a
RUN cat /proc/sys/kernel/random/uuid > /id
`;

const compose = (build: string) => `
name: shared
services:
  web:
    build: {context: ., ${build}}
    command: cat /made /id
`;

let machines: Scenario[] = [];

/** One more machine with the same sources. */
function machine(build = ''): Scenario {
  const scenario = new Scenario({ 'compose.yaml': compose(build), Dockerfile: dockerfile, 'a.txt': 'a\n' });
  copyFileSync('/bin/busybox', join(scenario.directory, 'busybox'));
  machines.push(scenario);
  return scenario;
}

const outputOf = (scenario: Scenario) => scenario.ok('run', '--rm', '-T', 'web').stdout;

beforeEach(() => {
  machines = [];
});

afterEach(async () => {
  for (const scenario of machines) {
    scenario.run('down', '-v', '-t', '1');
    expect(await scenario.leftovers()).toEqual({});
    scenario.dispose();
  }
});

describe('a cache in a directory', () => {
  it('saves another machine every step', () => {
    const [first, second] = [machine(), machine()];
    const cache = join(first.directory, 'cache');
    first.ok('build', '--cache-to', 'type=local,dest=cache,mode=max');
    const { ran, cached } = stepsOf(second.ok('build', '--cache-from', `type=local,src=${cache}`).stderr);
    expect(ran).toEqual([]);
    expect(cached).toHaveLength(7);
    expect(outputOf(second)).toBe(outputOf(first));
  });

  it('holds with mode=min what the image is made of, and no more', () => {
    const [first, second] = [machine(), machine()];
    const cache = join(first.directory, 'cache');
    first.ok('build', '--cache-to', 'type=local,dest=cache');
    const { ran } = stepsOf(second.ok('build', '--cache-from', `type=local,src=${cache}`).stderr);
    expect(ran.slice(0, 2)).toEqual(['WORKDIR /work', 'RUN cat /proc/sys/kernel/random/uuid > made']);
  });

  it('is replaced by the next one, and a directory of something else is not', () => {
    const first = machine();
    first.ok('build', '--cache-to', 'type=local,dest=cache');
    const blobs = () => readdirSync(join(first.directory, 'cache/blobs/sha256')).sort();
    const before = blobs();
    first.write('a.txt', 'changed\n');
    first.ok('build', '--cache-to', 'type=local,dest=cache');
    expect(blobs()).toHaveLength(before.length);
    expect(blobs()).not.toEqual(before);
    first.write('mine/precious', 'x');
    const { status, stderr } = first.run('build', '--cache-to', 'type=local,dest=mine');
    expect(status).toBe(1);
    expect(stderr).toContain('is not empty, and holds something else');
    expect(readFileSync(join(first.directory, 'mine/precious'), 'utf8')).toBe('x');
  });

  it('is not believed where its bytes are not what they should be', () => {
    const [first, second] = [machine(), machine()];
    const cache = join(first.directory, 'cache');
    first.ok('build', '--cache-to', 'type=local,dest=cache,mode=max');
    const blobs = join(cache, 'blobs/sha256');
    for (const name of readdirSync(blobs)) {
      const path = join(blobs, name);
      const bytes = readFileSync(path);
      if (bytes[0] === 0x7b) continue;
      // In the content of the last file.
      const at = bytes.findLastIndex((byte) => byte !== 0);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    }
    const { stderr } = second.ok('build', '--cache-from', `type=local,src=${cache}`);
    expect(stderr).toMatch(/blob sha256:\w+ is not what was asked for/);
    expect(stepsOf(stderr).ran).toContain('RUN cat /proc/sys/kernel/random/uuid > /id');
    expect(outputOf(second)).not.toBe(outputOf(first));
  });

  it('need not be there', () => {
    const first = machine();
    const { stderr } = first.ok('build', '--cache-from', 'type=local,src=nowhere');
    expect(stderr).toContain('nowhere');
    expect(stepsOf(stderr).ran).toHaveLength(7);
  });

  it('is refused before anything runs if it is no cache at all', () => {
    const first = machine();
    for (const [option, why] of [
      ['type=gha', 'type=gha is not supported'],
      ['type=local', 'needs src='],
      ['type=registry,ref=x,mood=max', 'there is no option mood'],
    ]) {
      const { status, stderr } = first.run('build', '--cache-from', option ?? '');
      expect(status).toBe(1);
      expect(stderr).toContain(why);
      expect(stepsOf(stderr).ran).toEqual([]);
    }
  });
});

describe('a cache in a registry', () => {
  let sandbox: Sandbox;
  let registry: RegistryServer;

  beforeAll(async () => {
    sandbox = new Sandbox();
    registry = await RegistryServer.start(sandbox);
  });

  afterAll(async () => {
    await registry.stop();
    sandbox.dispose();
  });

  it('saves another machine every step', () => {
    const reference = `${registry.host}/cache:web`;
    const options = `cache_from: ["type=registry,ref=${reference}"], cache_to: ["type=registry,ref=${reference},mode=max"]`;
    const [first, second] = [machine(options), machine(options)];
    // The first time there is none.
    expect(stepsOf(first.ok('build').stderr).ran).toHaveLength(7);
    expect(stepsOf(second.ok('build').stderr).ran).toEqual([]);
    expect(outputOf(second)).toBe(outputOf(first));
  });

  it('comes with an image', () => {
    const image = `${registry.host}/inline:1`;
    const options = `tags: ["${image}"], cache_from: ["${image}"], cache_to: ["type=inline"]`;
    const [first, second] = [machine(options), machine(options)];
    // An image carries the steps that it is made of.
    const single = `FROM scratch\n${dockerfile.split('\n').slice(1, 4).join('\n')}\nRUN date > /when\n`;
    for (const each of [first, second]) each.write('Dockerfile', single);
    first.ok('build');
    first.ok('image', 'push', image);
    expect(stepsOf(second.ok('build').stderr).ran).toEqual([]);
  });

  it('belongs to one service', () => {
    const reference = `type=registry,ref=${registry.host}/cache:both`;
    const first = machine();
    first.write(
      'compose.yaml',
      `services:\n  a: {build: {context: ., cache_to: ["${reference}"]}}\n  b: {build: {context: ., cache_to: ["${reference}"]}}\n`,
    );
    const { status, stderr } = first.run('build');
    expect(status).toBe(1);
    expect(stderr).toContain('would put their caches in one place');
  });
});
