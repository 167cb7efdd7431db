// What every benchmark measures with: whole processes, medians, ratios to a bare node run in turn. Rows go to the screen.

import { spawnSync, spawn as start } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { top } from '../prepare.mjs';

const RUNS = Number(process.env.BENCH_RUNS ?? 15);
// An ext4 without a journal looks for each new inode past all those that were deleted in the last minute and more, and
// these benchmarks leave thousands of them: there, TMPDIR on a tmpfs gives what other file systems give.
export const base = mkdtempSync(join(tmpdir(), 'tcompose-bench-'));
export const environment = { PATH: process.env.PATH, HOME: base, TCOMPOSE_ROOT: join(base, 'root') };

export function spawn(command, args, cwd = base) {
  const from = process.hrtime.bigint();
  const result = spawnSync(command, args, { cwd, env: environment, encoding: 'utf8' });
  const ms = Number(process.hrtime.bigint() - from) / 1e6;
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(' ')} exited ${result.status}\n${result.stdout}${result.stderr}`);
  }
  return { ms, stdout: result.stdout, stderr: result.stderr };
}

/** The same for a process that talks to a server whose output this one has to read meanwhile. */
export async function spawnAside(command, args, env = environment) {
  const from = process.hrtime.bigint();
  const child = start(command, args, { cwd: base, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exited ${status}`);
  return { ms: Number(process.hrtime.bigint() - from) / 1e6 };
}

export const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const tcompose = (...args) => spawn(process.execPath, [join(top, 'bin/tcompose'), ...args]);

/**
 * Median time of `measured`, and of a bare `node -e 0` run in turn with it, so that a machine whose speed drifts gives
 * fair ratios. `reset` runs, unmeasured, before each run.
 */
export function time(measured, { runs = RUNS, reset = () => {} } = {}) {
  const values = [];
  const floors = [];
  for (let n = 0; n < runs + 1; n += 1) {
    reset();
    const floor = spawn(process.execPath, ['-e', '0']).ms;
    const { ms } = measured();
    if (n === 0) continue;
    values.push(ms);
    floors.push(floor);
  }
  return { ms: median(values), node: median(floors) };
}

export function row(what, value, unit, comparison, budget) {
  const figure = `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
  console.log(`${what.padEnd(42)}  ${figure.padStart(12)}  ${comparison.padEnd(30)}  ${budget}`.trimEnd());
}

export function ratio(what, { ms, node }, budget = '') {
  row(what, ms, 'ms', `${(ms / node).toFixed(2)} x node`, budget);
}

export function services(count, ports = false) {
  const one = (n) =>
    `  s${n}:\n    image: host\n    command: sleep 3600\n    init: true\n    stop_grace_period: 2s\n${
      ports ? `    ports: ["127.0.0.1:${21000 + n}:80"]\n` : ''
    }`;
  return `name: bench\nservices:\n${Array.from({ length: count }, (_, n) => one(n)).join('')}`;
}

export const project = (text) => writeFileSync(join(base, 'compose.yaml'), text);
