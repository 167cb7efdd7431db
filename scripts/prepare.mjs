// Installs and builds what a fresh clone lacks. Shared by the quickstart and the test command; needs Node and npm only.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a command with its output shown; ends this process with a sentence if it fails. */
export function run(command, args, { what, env = {}, quiet = false } = {}) {
  const result = spawnSync(command, args, {
    cwd: top,
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    env: { ...process.env, ...env },
  });
  if (result.status === 0) return result;
  if (quiet) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  const why = result.error ? result.error.message : `exit code ${result.status ?? result.signal}`;
  console.error(`\n${what ?? `${command} ${args.join(' ')}`} failed: ${why}`);
  process.exit(1);
}

function requireTools() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node ${process.versions.node} is too old: 20.19 or newer is needed.`);
    process.exit(1);
  }
  for (const tool of ['make', 'g++']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) {
      console.error(`${tool} is not installed. On Debian: apt-get install make g++`);
      process.exit(1);
    }
  }
}

/** npm ci, unless node_modules already matches the lock file. */
function installModules() {
  const lock = createHash('sha256')
    .update(readFileSync(join(top, 'package-lock.json')))
    .digest('hex');
  const mark = join(top, 'node_modules/.installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { what: 'installing packages (npm ci)' });
  writeFileSync(mark, lock);
}

function buildNative() {
  run('make', ['-s', '-j2', '-C', 'runtime'], { what: 'building the runtime', quiet: true });
}

export function prepare() {
  requireTools();
  installModules();
  buildNative();
  run(process.execPath, ['scripts/build.mjs'], { what: 'building the bundle', quiet: true });
}
