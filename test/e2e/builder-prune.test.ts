// What is kept for the next build, and how it is given up.

import { copyFileSync, existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stepsOf } from './build-steps.ts';
import { Scenario } from './scenario.ts';

const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
RUN --mount=type=cache,target=/cache echo kept >> /cache/f && echo 1 > /one
`;

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({ 'compose.yaml': 'services:\n  web: {build: .}\n', Dockerfile: dockerfile });
  copyFileSync('/bin/busybox', join(scenario.directory, 'busybox'));
  scenario.ok('build');
  // A second image, so that the last step of the first belongs to none.
  scenario.write('Dockerfile', dockerfile.replace('echo 1', 'echo 2'));
  scenario.ok('build');
  scenario.ok('image', 'prune', '-f');
});

afterEach(async () => {
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const steps = () => join(scenario.root, 'build-cache/steps');
const caches = () => readdirSync(join(scenario.root, 'build-cache/mounts'));

function age(directory: string, days: number): void {
  const then = Date.now() / 1000 - days * 86_400;
  for (const name of readdirSync(directory)) utimesSync(join(directory, name), then, then);
}

describe('builder prune', () => {
  it('gives up what no image is made of', () => {
    const layers = scenario.list('layers').length;
    expect(scenario.ok('--dry-run', 'builder', 'prune').stdout).toContain('would remove 1 steps');
    expect(scenario.list('layers')).toHaveLength(layers);
    expect(scenario.ok('builder', 'prune', '-f').stdout).toMatch(/Removed 1 steps .*\nTotal reclaimed space/);
    expect(scenario.list('layers')).toHaveLength(layers - 1);
    expect(stepsOf(scenario.ok('build').stderr).ran).toEqual([]);
    expect(caches()).toHaveLength(1);
  });

  it('gives up everything with -a, and the image stays whole', () => {
    expect(scenario.ok('builder', 'prune', '-af').stdout).toContain('and 1 caches of commands');
    expect(caches()).toEqual([]);
    expect(scenario.ok('run', '--rm', '-T', 'web', 'cat', '/one').stdout).toBe('2\n');
    expect(stepsOf(scenario.ok('build').stderr).ran).toHaveLength(3);
    scenario.ok('down');
  });

  it('keeps what was used last, or not long ago', () => {
    scenario.ok('builder', 'prune', '-af', '--keep-storage', '1g');
    scenario.ok('builder', 'prune', '-af', '--filter', 'until=1h');
    expect(stepsOf(scenario.ok('build').stderr).ran).toEqual([]);
    age(steps(), 2);
    scenario.ok('builder', 'prune', '-af', '--filter', 'until=24h');
    expect(readdirSync(steps())).toEqual([]);
  });
});

describe('a build', () => {
  it('gives up once a day what was not used for a month', () => {
    age(steps(), 40);
    age(join(scenario.root, 'build-cache'), 2);
    const before = readdirSync(steps()).length;
    expect(stepsOf(scenario.ok('build').stderr).ran).toEqual([]);
    expect(readdirSync(steps())).toHaveLength(before - 1);
    expect(existsSync(join(scenario.root, 'build-cache/tidied'))).toBe(true);
  });
});
