// What it costs to start, look at and stop containers; one, fifty, five hundred.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { top } from '../prepare.mjs';
import {
  base,
  environment,
  median,
  project,
  ratio,
  row,
  services,
  spawn,
  tcompose,
  time,
} from './measure.mjs';

export function benchOne() {
  project(services(1));
  const down = () => tcompose('down', '-t', '1');
  ratio(
    'up -d, one container',
    time(() => tcompose('up', '-d'), { reset: down }),
    '2.2',
  );
  tcompose('up', '-d');
  ratio(
    'up -d, nothing to do',
    time(() => tcompose('up', '-d')),
    '1.6',
  );
  ratio(
    'ps',
    time(() => tcompose('ps')),
    '1.6',
  );
  ratio(
    'exec -T s0 true',
    time(() => tcompose('exec', '-T', 's0', 'true')),
    '1.7',
  );
  down();
}

/** The C loop on the same number of containers: median of its own figure. */
function floorOf(count) {
  const program = join(base, 'floor');
  const lower = join(base, 'lower');
  if (!existsSync(program)) {
    spawn('cc', ['-O2', '-static', '-o', program, join(top, 'test/bench/floor.c')]);
    for (const dir of ['bin', 'proc', 'sys', 'dev']) mkdirSync(join(lower, dir), { recursive: true });
    spawn('cp', ['/bin/busybox', join(lower, 'bin/busybox')]);
  }
  const work = join(base, 'work');
  const values = [];
  for (let n = 0; n < 5; n += 1) {
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    spawn('ip', ['link', 'add', 'floorbr', 'type', 'bridge']);
    try {
      spawn('ip', ['link', 'set', 'floorbr', 'up']);
      values.push(Number(spawn(program, [String(count), lower, work, 'floorbr']).stdout));
    } finally {
      spawn('ip', ['link', 'del', 'floorbr']);
    }
  }
  return median(values);
}

/** Mean PSS of the monitors and network children, KiB per container. */
function monitorMemory(containers) {
  let total = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (!command.includes(environment.TCOMPOSE_ROOT)) continue;
      total += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // The process ended while it was looked at.
    }
  }
  return total / containers;
}

export function benchFifty() {
  const count = 50;
  project(services(count, true));
  const down = () => tcompose('down', '-t', '1');
  const up = time(() => tcompose('up', '-d'), { runs: 5, reset: down });
  if (existsSync('/bin/busybox')) {
    const floor = floorOf(count);
    row(`the C loop, ${count} containers`, floor, 'ms', `${(floor / up.node).toFixed(2)} x node`, '');
    const share = up.ms / (up.node + 3 * floor);
    row(`up -d, ${count} services`, up.ms, 'ms', `${share.toFixed(2)} x (node + 3 C loops)`, '1.0');
  } else ratio(`up -d, ${count} services`, up, 'the C loop needs busybox-static');
  tcompose('up', '-d');
  row('memory (PSS) beyond each container', monitorMemory(count), 'KiB', '', '512');
  ratio(
    `ps, ${count} containers`,
    time(() => tcompose('ps')),
    '',
  );
  const restore = () => tcompose('up', '-d');
  ratio(`down, ${count} services`, time(down, { runs: 5, reset: restore }), '1/15 of docker-compose');
  down();
}

export function benchMany() {
  const count = 500;
  project(services(count));
  row(`up -d, ${count} services (once)`, tcompose('up', '-d').ms, 'ms', '', '');
  ratio(
    `ps, ${count} containers`,
    time(() => tcompose('ps'), { runs: 5 }),
    '0.5 s',
  );
  row(`down, ${count} services (once)`, tcompose('down', '-t', '1').ms, 'ms', '', '');
}
