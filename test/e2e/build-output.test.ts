// What `build --output` writes, and `build --print`.

import { execFileSync } from 'node:child_process';
import { copyFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable, Scenario } from './scenario.ts';

const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
RUN mkdir -m 750 /d /e && echo content > /d/f && chown 7:8 /d/f && ln -s /etc/passwd /d/link && rm /bin/vi
`;

const compose = `
name: shown
services:
  web:
    build:
      context: .
      args: {VERSION: "1"}
      additional_contexts: {other: "service:other.one"}
  other.one:
    image: registry.example/other:2
    build: {context: ., target: x, cache_from: ["registry.example/other:2"]}
`;

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({ 'compose.yaml': compose, Dockerfile: dockerfile });
  copyFileSync('/bin/busybox', join(scenario.directory, 'busybox'));
});

afterEach(async () => {
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const path = (name: string) => join(scenario.directory, name);
const single = () => scenario.write('compose.yaml', 'name: shown\nservices:\n  web: {build: .}\n');
const members = (archive: string) =>
  execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).trim().split('\n');

describe('build --output', () => {
  beforeEach(single);

  it('writes the files into a directory, beside what is there', () => {
    scenario.write('out/mine', 'mine');
    scenario.write('out/d/f', 'older');
    scenario.ok('build', '-o', 'out');
    expect(readFileSync(path('out/d/f'), 'utf8')).toBe('content\n');
    expect(readFileSync(path('out/mine'), 'utf8')).toBe('mine');
    expect(lstatSync(path('out/e')).mode & 0o777).toBe(0o750);
    expect(lstatSync(path('out/d/f')).uid).toBe(process.getuid?.());
    expect(readlinkSync(path('out/d/link'))).toBe('/etc/passwd');
    expect(readdirSync(path('out/bin'))).not.toContain('vi');
    expect(readdirSync(path('out/bin'))).toContain('sh');
  });

  it('follows no link out of the directory', () => {
    mkdirSync(path('outside'));
    mkdirSync(path('out'));
    execFileSync('ln', ['-s', path('outside'), path('out/d')]);
    scenario.run('build', '--output', 'type=local,dest=out');
    expect(readdirSync(path('outside'))).toEqual([]);
  });

  it('writes a tar of the files, to standard output too', () => {
    scenario.ok('build', '--output', 'type=tar,dest=files.tar');
    expect(members(path('files.tar'))).toContain('d/f');
    const { status } = scenario.run('build', '-q', '--output', 'type=tar,dest=nowhere/files.tar');
    expect(status).toBe(1);
    const toStdout = execFileSync(
      'sh',
      ['-c', `"$@" | tar t`, 'sh', process.execPath, executable, 'build', '-o', '-'],
      {
        cwd: scenario.directory,
        env: scenario.environment,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    expect(toStdout).toContain('d/f\n');
  });

  it('writes archives that load again', () => {
    scenario.ok('build', '-o', 'type=docker,dest=docker.tar', '-o', 'type=oci,dest=oci.tar');
    expect(members(path('docker.tar'))).toContain('manifest.json');
    expect(members(path('oci.tar'))).not.toContain('manifest.json');
    const other = new Scenario({});
    try {
      for (const archive of ['docker.tar', 'oci.tar'])
        expect(other.ok('image', 'load', '-i', path(archive)).stdout).toContain('shown-web');
    } finally {
      other.dispose();
    }
  });

  it('is refused before anything is built', () => {
    for (const [output, why] of [
      ['type=registry', '--push sends it'],
      ['type=zip,dest=x', 'local, tar, oci or docker'],
      ['type=local', 'needs dest='],
      ['type=tar,dest=x,compression=zstd', 'there is no option compression'],
    ]) {
      const { status, stderr } = scenario.run('build', '--output', output ?? '');
      expect(status).toBe(2);
      expect(stderr).toContain(why);
    }
    scenario.write('compose.yaml', compose);
    expect(scenario.run('build', '-o', 'out').stderr).toContain('name one service');
    expect(scenario.list('layers')).toEqual([]);
  });
});

describe('build', () => {
  it('--print writes a bake file, as Docker Compose does', () => {
    const { stdout } = scenario.ok('build', '--print', '--build-arg', 'MORE=${x}', 'web');
    expect(JSON.parse(stdout)).toEqual({
      group: { default: { targets: ['web', 'other_one'] } },
      target: {
        web: {
          context: scenario.directory,
          contexts: { other: 'target:other_one' },
          dockerfile: path('Dockerfile'),
          args: { VERSION: '1', MORE: '$${x}' },
          labels: { 'com.docker.compose.project': 'shown', 'com.docker.compose.service': 'web' },
          tags: ['shown-web'],
          output: ['type=docker'],
        },
        other_one: {
          context: scenario.directory,
          dockerfile: path('Dockerfile'),
          args: { MORE: '$${x}' },
          labels: { 'com.docker.compose.project': 'shown', 'com.docker.compose.service': 'other.one' },
          tags: ['registry.example/other:2'],
          'cache-from': ['registry.example/other:2'],
          target: 'x',
          output: ['type=docker'],
        },
      },
    });
    expect(scenario.list('layers')).toEqual([]);
  });

  it('--memory limits what a step may use', () => {
    single();
    scenario.write('Dockerfile', `${dockerfile}RUN head -c 200m /dev/zero | tail > /dev/null\n`);
    const { status, stderr } = scenario.run('build', '--memory', '32m');
    expect(status).toBe(1);
    expect(stderr).toContain('RUN head -c 200m');
    scenario.ok('build', '--memory', '1g');
  });

  it('refuses builders and attestations, and takes it that there are none', () => {
    single();
    scenario.ok('build', '--builder', 'default', '--provenance=false', '--sbom=false');
    for (const flag of ['--builder=remote', '--provenance=max', '--sbom=true'])
      expect(scenario.run('build', flag).stderr).toContain('not supported');
  });
});
