// `npm run test:parity`: compares `tcompose config` with the `docker compose config` that it finds: on PATH, or in the
// Debian root that TCOMPOSE_PARITY_ROOT names. `npm run test:parity -- --make-root` makes such a root with mmdebstrap, as
// root, and removes it at the end. Where there is none, it is skipped.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { top } from './prepare.mjs';

/** Standard output, or nothing. */
function output(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** A command line, its version, and how to ask. Run by the root's own loader, it sees this machine's files. */
function candidates() {
  const root = process.env['TCOMPOSE_PARITY_ROOT'] ?? made;
  const found = [['docker', 'compose'], ['docker-compose']];
  if (root === undefined) return found;
  const plugin = join(root, 'usr/libexec/docker/cli-plugins/docker-compose');
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  return [[join(root, 'lib64/ld-linux-x86-64.so.2'), '--library-path', libraries, plugin], [plugin]];
}

function findTool() {
  for (const [command, ...args] of candidates()) {
    const version = /(\d+\.\d+\.\d+)/.exec(output(command, [...args, 'version', '--short']) ?? '')?.[1];
    if (version && Number(version.split('.')[0]) >= 2) return { command: [command, ...args], version };
  }
  return undefined;
}

function makeRoot() {
  if (process.getuid?.() !== 0) skip('--make-root needs root');
  const directory = mkdtempSync(join(tmpdir(), 'tcompose-parity-'));
  const args = ['--variant=apt', '--include=docker-compose', 'sid', directory];
  const result = spawnSync('mmdebstrap', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.status === 0) return directory;
  rmSync(directory, { recursive: true });
  return skip(result.error ? 'mmdebstrap is not installed' : 'mmdebstrap could not make a root');
}

function skip(why) {
  console.log(`skipped: test:parity (${why})`);
  process.exit(0);
}

const made = process.argv.includes('--make-root') ? makeRoot() : undefined;
try {
  const tool = findTool();
  if (tool === undefined) {
    skip(
      'no docker compose of version 2 or later: install one, set TCOMPOSE_PARITY_ROOT, or use --make-root',
    );
  }
  console.log(`comparing with Docker Compose ${tool.version}: ${tool.command.join(' ')}`);
  const env = {
    ...process.env,
    TCOMPOSE_PARITY_TOOL: tool.command.join(' '),
    TCOMPOSE_PARITY_VERSION: tool.version,
  };
  const run = spawnSync('npx', ['vitest', 'run', '--project', 'parity'], { cwd: top, stdio: 'inherit', env });
  process.exitCode = run.status ?? 1;
} finally {
  if (made !== undefined && existsSync(made)) rmSync(made, { recursive: true });
}
