// `npm run bench`: what tcompose costs, as ratios to a bare `node -e 0`, to the C loop of test/bench/floor.c and, where it
// is installed, to Docker, on this machine in this run. Medians. A benchmark, not a test: it judges nothing and always
// exits 0 when it could measure.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchFifty, benchMany, benchOne } from './bench/containers.mjs';
import { benchImages } from './bench/images.mjs';
import { base, environment, row, spawn, time } from './bench/measure.mjs';
import { benchPorts } from './bench/ports.mjs';
import { benchStartup } from './bench/startup.mjs';
import { prepare, top } from './prepare.mjs';

const RUNS = Number(process.env.BENCH_RUNS ?? 15);
const base = mkdtempSync(join(tmpdir(), 'tcompose-bench-'));
const environment = { PATH: process.env.PATH, HOME: base, TCOMPOSE_ROOT: join(base, 'root') };

function spawn(command, args, cwd = base) {
  const from = process.hrtime.bigint();
  const result = spawnSync(command, args, { cwd, env: environment, encoding: 'utf8' });
  const ms = Number(process.hrtime.bigint() - from) / 1e6;
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(' ')} exited ${result.status}\n${result.stdout}${result.stderr}`);
  }
  return { ms, stdout: result.stdout };
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const tcompose = (...args) => spawn(process.execPath, [join(top, 'bin/tcompose'), ...args]);

/**
 * Median time of `measured`, and of a bare `node -e 0` run in turn with it, so that a machine whose speed drifts gives
 * fair ratios. `reset` runs, unmeasured, before each run.
 */
function time(measured, { runs = RUNS, reset = () => {} } = {}) {
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

function row(what, value, unit, comparison, budget) {
  const figure = `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
  console.log(`${what.padEnd(42)}  ${figure.padStart(12)}  ${comparison.padEnd(30)}  ${budget}`.trimEnd());
}

function ratio(what, { ms, node }, budget = '') {
  row(what, ms, 'ms', `${(ms / node).toFixed(2)} x node`, budget);
}

function services(count, ports = false) {
  const one = (n) =>
    `  s${n}:\n    image: host\n    command: sleep 3600\n    init: true\n    stop_grace_period: 2s\n${
      ports ? `    ports: ["127.0.0.1:${21000 + n}:80"]\n` : ''
    }`;
  return `name: bench\nservices:\n${Array.from({ length: count }, (_, n) => one(n)).join('')}`;
}

const project = (text) => writeFileSync(join(base, 'compose.yaml'), text);

function benchStartup() {
  project(services(3));
  ratio(
    'version',
    time(() => tcompose('version')),
    '1.6',
  );
  ratio(
    'config -q, 3 services',
    time(() => tcompose('config', '-q')),
    '1.6',
  );
  for (const count of [1, 50, 500, 2000]) {
    project(services(count));
    const taken = time(() => tcompose('config', '-q'), { runs: 5 });
    ratio(`config -q, ${count} services`, taken, count === 500 ? '0.5 s' : '');
  }
}

function benchOne() {
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

function benchFifty() {
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

const server = `
const http = require('node:http');
http.createServer((request, response) => response.end('ok')).listen(80);
process.on('SIGTERM', () => process.exit(0));`;

/** Requests per second of wrk against a URL: the median of three runs. */
function requestRate(url, ...options) {
  const once = () => {
    const text = spawn('wrk', ['-t1', '-c8', '-d2', ...options, url]).stdout;
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? Number.NaN);
  };
  return median([once(), once(), once()]);
}

function benchPorts() {
  if (spawnSync('sh', ['-c', 'command -v wrk']).status !== 0) {
    console.log('not measured, needs wrk: requests through a published port');
    return;
  }
  writeFileSync(join(base, 'server.cjs'), server);
  // Two containers: one that were reached both ways would meet its own closing connections (TIME_WAIT) again.
  const service = (name, ports) =>
    `  ${name}:\n    image: host\n    command: node /srv/server.cjs\n    volumes: [".:/srv:ro"]\n    ports: ${ports}\n` +
    `    healthcheck: {test: ["CMD", "node", "-e", "fetch('http://127.0.0.1').then(() => process.exit(0), () => process.exit(1))"], start_period: 20s, start_interval: 200ms}\n`;
  project(`name: bench\nservices:\n${service('direct', '[]')}${service('published', '["21800:80"]')}`);
  tcompose('up', '-d', '--wait');
  const address = tcompose('exec', '-T', 'direct', 'hostname', '-i').stdout.trim();
  for (const [what, options, budgets] of [
    ['keep-alive', [], ['95 %', '60 %']],
    ['a connection each', ['-H', 'Connection: close'], ['85 %', '']],
  ]) {
    const direct = requestRate(`http://${address}:80/`, ...options);
    row(`direct address, ${what}`, direct, 'req/s', '', '');
    for (const [host, budget] of [
      ['127.0.0.1', budgets[0]],
      ['[::1]', budgets[1]],
    ]) {
      const rate = requestRate(`http://${host}:21800/`, ...options);
      row(
        `published on ${host}, ${what}`,
        rate,
        'req/s',
        `${((100 * rate) / direct).toFixed(0)} % of direct`,
        budget,
      );
    }
  }
  tcompose('down', '-t', '1');
}

function benchMany() {
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

prepare();
row('node -e 0', time(() => spawn(process.execPath, ['-e', '0'])).ms, 'ms', '1', '');
try {
  benchStartup();
  if (process.getuid() === 0) {
    benchOne();
    benchFifty();
    benchPorts();
    benchMany();
    await benchImages();
  } else console.log('not measured, needs root: up, down, ps, exec, memory, ports, images');
} finally {
  if (process.getuid() === 0)
    spawnSync(process.execPath, [join(top, 'bin/tcompose'), '-p', 'bench', 'down', '-v', '-t', '1'], {
      env: environment,
    });
  rmSync(base, { recursive: true, force: true });
}
