// Flags of `docker build` that the Compose file could say too, seen from inside the steps and at the image.

import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Scenario } from './scenario.ts';

const dockerfile = `FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
FROM base AS looks
RUN grep -c given /etc/hosts > /hosts; df -k /dev/shm | tail -1 | awk '{print $2}' > /shm; ulimit -n > /files; \\
  ls /sys/class/net > /net
RUN --mount=type=secret,id=word cat /run/secrets/word > /secret
COPY --from=beside file /file
FROM looks
RUN false
`;

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({
    'compose.yaml': 'name: flags\nservices:\n  web: {build: .}\n  other: {build: .}\n',
    Dockerfile: dockerfile,
    'beside/file': 'beside',
    word: 'hush',
  });
  copyFileSync('/bin/busybox', join(scenario.directory, 'busybox'));
});

afterEach(async () => {
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const read = (name: string) => readFileSync(join(scenario.directory, name), 'utf8').trim();

describe('build with flags of docker build', () => {
  it('takes them', () => {
    const flags = [
      ...[
        '--target',
        'looks',
        '--add-host',
        'given:1.2.3.4',
        '--shm-size',
        '1m',
        '--ulimit',
        'nofile=99:100',
      ],
      ...['--network', 'none', '--secret', 'id=word,src=word', '--build-context', 'beside=beside'],
      ...['--label', 'a=b', '--tag', 'flags-again:1', '--iidfile', 'id', '--load', '-o', 'out'],
    ];
    scenario.ok('build', ...flags, 'web');
    expect(['hosts', 'shm', 'files', 'net', 'secret', 'file'].map((name) => read(`out/${name}`))).toEqual([
      ...['1', '1024', '99', 'lo', 'hush', 'beside'],
    ]);
    const [image] = JSON.parse(scenario.ok('image', 'inspect', 'flags-again:1').stdout) as [
      { Id: string; Config: { Labels: object } },
    ];
    expect(read('id')).toBe(image.Id);
    expect(image.Config.Labels).toMatchObject({ a: 'b', 'com.docker.compose.service': 'web' });
  });

  it('runs the steps of a stage again that the flag names', () => {
    const args = [
      'build',
      '--target',
      'looks',
      '--secret',
      'id=word,src=word',
      '--build-context',
      'beside=beside',
    ];
    scenario.ok(...args, 'web');
    const { stderr } = scenario.ok(...args, '--progress', 'plain', '--no-cache-filter', 'looks', 'web');
    const ends = stderr
      .split('\n')
      .flatMap((line) => /^#(\d) (CACHED|DONE)/.exec(line)?.slice(1, 3).join(' ') ?? []);
    expect(ends).toEqual(['1 CACHED', '2 CACHED', '3 DONE', '4 DONE', '5 DONE']);
  });

  it.each([
    [['--target', 'looks'], '--target is for one image'],
    [['--tag', 'x'], '--tag is for one image'],
    [['--iidfile', 'id'], '--iidfile is for one image'],
    [['--cgroup-parent', 'x', 'web'], '--cgroup-parent is not supported: steps are'],
    [['--annotation', 'a=b', 'web'], '--annotation is not supported: a manifest is'],
    [['--attest', 'type=sbom', 'web'], '--attest is not supported: attestations'],
    [['--call', 'outline', 'web'], '--call outline is not supported'],
    [['--call', 'what', 'web'], '--call: "what" is none of'],
    [['--network', 'web', 'web'], '--network web cannot be understood'],
  ])('refuses %j', (flags, message) => {
    const { status, stderr } = scenario.run('build', ...flags);
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
  });

  it('checks alone with --call check', () => {
    const { stdout } = scenario.run('build', '--call', 'check', '--build-context', 'beside=beside', 'web');
    expect(stdout).toContain('Check complete');
  });
});
