// `npm run quickstart`: from a fresh clone to a running project.

import { prepare, run, top } from './prepare.mjs';

prepare();
const tcompose = ['bin/tcompose', '-f', 'examples/quickstart/compose.yaml'];
run(process.execPath, [...tcompose, 'up', '-d', '--wait'], { what: 'starting the quickstart' });
run(process.execPath, [...tcompose, 'ps', '-a'], { what: 'listing the containers' });

console.log(`
The quickstart runs: http://127.0.0.1:8080
  scale it:  ${top}/bin/tcompose -f examples/quickstart/compose.yaml scale web=5
  stop it:   ${top}/bin/tcompose -f examples/quickstart/compose.yaml down       (down -v forgets the counter)`);
