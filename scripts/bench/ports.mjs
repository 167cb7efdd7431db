// Requests through a published port, beside those to the container's own address.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { base, median, project, row, spawn, tcompose } from './measure.mjs';

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

export function benchPorts() {
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
