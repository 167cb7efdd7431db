// A container without wishes, held against Docker's: against a record of one that Docker 20.10 with runc 1.1 made on
// cgroup v1 (default-container.docker.txt), and against Docker itself where it runs.

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Sandbox } from '../tcrun/sandbox.ts';

type Sections = Readonly<Record<string, readonly string[]>>;

const script = readFileSync(join(import.meta.dirname, 'default-container.sh'), 'utf8');
const recorded = readFileSync(join(import.meta.dirname, 'default-container.docker.txt'), 'utf8');

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

function compare(docker: Sections, allowed: { readonly rules: readonly string[] }): void {
  expect(Object.keys(ours)).toEqual(Object.keys(docker));
  for (const name of ['credentials', 'devices', 'parameters', 'environment', 'refused']) {
    expect(differ(docker, name), name).toEqual(SAME);
  }
  // On cgroup v1 Docker shows a container the host's cgroups; on v2 it has a namespace of its own, as ours has on both.
  const namespaces = differ(docker, 'namespaces');
  expect(namespaces.missing.filter((line) => line !== 'cgroup host')).toEqual([]);
  expect(namespaces.added.filter((line) => line !== 'cgroup own')).toEqual([]);
  const rules = differ(docker, 'device rules');
  expect(rules.missing.filter((line) => !allowed.rules.includes(line))).toEqual([]);
  expect(rules.added).toEqual([]);
  const mounts = differ(docker, 'mounts');
  expect([...mounts.missing, ...mounts.added].filter((line) => !isMask(line))).toEqual([]);
  const places = (lines: readonly string[] = []) => lines.filter(isMask).map((line) => line.split(' ')[0]);
  // Every path that Docker masks is masked.
  expect(places(ours['mounts'])).toEqual(expect.arrayContaining(places(docker['mounts'])));
}

it('is what the record says', () => {
  // /dev/net/tun was allowed by runc before 1.2, not by Docker.
  compare(parse(recorded), { rules: ['c 10:200 rwm'] });
});

function hasDocker(): boolean {
  try {
    execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const withDocker = hasDocker();

it.runIf(withDocker)(
  `is what Docker gives here${withDocker ? '' : ' (no Docker Engine answers on this host)'}`,
  () => {
    const image = `tcompose-test-${process.pid}`;
    execFileSync('sh', ['-c', `tar -C "${root}" -c . | docker import - ${image}`], { stdio: 'ignore' });
    try {
      const args = ['run', '--rm', '--network', 'none', image, 'sh', '-c', script];
      compare(parse(execFileSync('docker', args, { encoding: 'utf8' })), { rules: ['c 10:200 rwm'] });
    } finally {
      execFileSync('docker', ['image', 'rm', image], { stdio: 'ignore' });
    }
  },
);
