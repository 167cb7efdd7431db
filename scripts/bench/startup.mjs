// What a command costs that only reads files.

import { project, ratio, services, tcompose, time } from './measure.mjs';

export function benchStartup() {
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
