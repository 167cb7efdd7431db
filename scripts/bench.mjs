// `npm run bench`: what tcompose costs, as ratios to a bare `node -e 0`, to the C loop of test/bench/floor.c and, where it
// is installed, to Docker, on this machine in this run. Medians. A benchmark, not a test: it judges nothing and always
// exits 0 when it could measure.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchBuild } from './bench/build.mjs';
import { benchFifty, benchMany, benchOne } from './bench/containers.mjs';
import { benchImages } from './bench/images.mjs';
import { base, environment, row, spawn, time } from './bench/measure.mjs';
import { benchPorts } from './bench/ports.mjs';
import { benchStartup } from './bench/startup.mjs';
import { prepare, top } from './prepare.mjs';

prepare();
row('node -e 0', time(() => spawn(process.execPath, ['-e', '0'])).ms, 'ms', '1', '');
try {
  benchStartup();
  if (process.getuid() === 0) {
    benchOne();
    benchFifty();
    benchPorts();
    benchMany();
    await benchBuild();
    await benchImages();
  } else console.log('not measured, needs root: up, down, ps, exec, memory, ports, build, images');
} finally {
  if (process.getuid() === 0)
    spawnSync(process.execPath, [join(top, 'bin/tcompose'), '-p', 'bench', 'down', '-v', '-t', '1'], {
      env: environment,
    });
  rmSync(base, { recursive: true, force: true });
}
