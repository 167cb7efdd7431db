// A container without wishes, held against Docker's: against records of those that Docker 20.10 with runc 1.1 and Docker
// 28.5 with runc 1.3 made on cgroup v1, and against Docker itself where dockerd is installed, here or in another root:
//   TCOMPOSE_TEST_DOCKER_ROOT  a directory that has dockerd, containerd, runc and the docker CLI
// TCOMPOSE_TEST_RECORD=FILE writes what that Docker gives down.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Sandbox } from '../tcrun/sandbox.ts';

type Sections = Readonly<Record<string, readonly string[]>>;

const script = readFileSync(join(import.meta.dirname, 'default-container.sh'), 'utf8');
let sandbox: Sandbox;
/** An image of busybox alone. */
let root: string;
let ours: Sections;

beforeAll(async () => {
  sandbox = new Sandbox();
  root = join(sandbox.directory, 'plain');
  cpSync(sandbox.image, root, { recursive: true, verbatimSymlinks: true });
  rmSync(join(root, 'etc'), { recursive: true });
  const container = await sandbox.run(script, {
    image: { id: `sha256:${'0'.repeat(64)}`, reference: 'plain', config: {}, layers: [root], mounts: [] },
    accounts: {},
  });
  await container.ended();
  ours = parse(container.output());
});
afterAll(() => sandbox.dispose());

/** Sections by name; a namespace is told from the host's. */
function parse(output: string): Sections {
  const parts = output.split(/^== (.*)\n/m).slice(1);
  const sections: Record<string, string[]> = {};
  for (let i = 0; i < parts.length; i += 2) {
    sections[parts[i] ?? ''] = (parts[i + 1] ?? '').split('\n').filter(Boolean).map(relate);
  }
  return sections;
}

function format(sections: Sections): string {
  return Object.entries(sections)
    .map(([name, lines]) => [`== ${name}`, ...lines, ''].join('\n'))
    .join('');
}

function relate(line: string): string {
  const [, type, inode] = /^(\w+) (\w+:\[\d+\])$/.exec(line) ?? [];
  if (!type) return line;
  return `${type} ${readlinkSync(`/proc/self/ns/${type}`) === inode ? 'host' : 'own'}`;
}

/** What Docker has and we have not, and the other way round. */
function differ(docker: Sections, name: string): { missing: string[]; added: string[] } {
  const [theirs, own] = [docker[name] ?? [], ours[name] ?? []];
  return {
    missing: theirs.filter((line) => !own.includes(line)),
    added: own.filter((line) => !theirs.includes(line)),
  };
}

const SAME = { missing: [], added: [] };
/** Masks that Docker has had since 28, and empty ones that are stricter than a tmpfs made by runc. */
const isMask = (line: string) => /^\/(proc|sys)\/\S+ \S+ tmpfs$/.test(line);

function compare(docker: Sections): void {
  expect(Object.keys(ours)).toEqual(Object.keys(docker));
  for (const name of [
    'credentials',
    'devices',
    'device rules',
    'parameters',
    'files',
    'environment',
    'refused',
  ]) {
    expect(differ(docker, name), name).toEqual(SAME);
  }
  // On cgroup v1 Docker shows a container the host's cgroups; on v2 it has a namespace of its own, as ours has on both.
  const namespaces = differ(docker, 'namespaces');
  expect(namespaces.missing.filter((line) => line !== 'cgroup host')).toEqual([]);
  expect(namespaces.added.filter((line) => line !== 'cgroup own')).toEqual([]);
  const mounts = differ(docker, 'mounts');
  expect([...mounts.missing, ...mounts.added].filter((line) => !isMask(line))).toEqual([]);
  const places = (lines: readonly string[] = []) => lines.filter(isMask).map((line) => line.split(' ')[0]);
  // Every path that Docker masks is masked.
  expect(places(ours['mounts'])).toEqual(expect.arrayContaining(places(docker['mounts'])));
}

it.each(['20.10', '28.5'])('is what Docker %s gave', (version) => {
  compare(parse(readFileSync(join(import.meta.dirname, `default-container.docker-${version}.txt`), 'utf8')));
});

/** The roots that have a Docker Engine. */
const engines = ['/', process.env['TCOMPOSE_TEST_DOCKER_ROOT']]
  .filter((path) => path !== undefined)
  .filter((path) => ['sbin/dockerd', 'bin/docker'].every((name) => existsSync(join(path, 'usr', name))));

it.runIf(engines.length > 0)(
  `is what Docker gives here${engines.length > 0 ? '' : ' (dockerd is not installed)'}`,
  { timeout: 200_000 },
  () => {
    for (const engine of engines) {
      const data = mkdtempSync(join(sandbox.directory, 'docker-'));
      const run = [join(import.meta.dirname, 'docker-once.sh'), engine, data, root, script];
      const output = execFileSync(
        'unshare',
        ['-n', '-m', '-p', '-i', '--fork', '--kill-child', '--propagation', 'private', 'sh', ...run],
        { encoding: 'utf8' },
      );
      const docker = parse(output);
      const { TCOMPOSE_TEST_RECORD } = process.env;
      if (TCOMPOSE_TEST_RECORD) writeFileSync(TCOMPOSE_TEST_RECORD, format(docker));
      compare(docker);
    }
  },
);
