// A program that ends while the addon waits for something ends at once; one that is done has nothing to keep it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tcrunPath } from '../../../src/runtime/native.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-exit-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function run(body: string) {
  const addon = join(dirname(tcrunPath()), 'tcompose.node');
  const script = `
    const module = { exports: {} };
    process.dlopen(module, ${JSON.stringify(addon)});
    const native = module.exports;
    const directory = ${JSON.stringify(directory)};
    ${body}`;
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 30_000 });
}

describe('a program', () => {
  it('may exit while a lock is waited for', () => {
    const { status, stdout, signal } = run(`
      const [a, b] = [native.openDirectory(directory), native.openDirectory(directory)];
      native.tryLock(a, 'exclusive');
      native.lock(b, 'exclusive', true).then(() => console.log('taken'));
      setImmediate(() => process.exit(7));`);
    expect({ status, stdout, signal }).toEqual({ status: 7, stdout: '', signal: null });
  });

  it('may exit while a line is waited for', () => {
    const { status, stderr } = run(`
      require('node:net').createServer(() => {
        setImmediate(() => process.exit(8));
      }).listen(directory + '/s', () => {
        native.receiveDescriptors(native.connectUnix(directory + '/s'));
      });`);
    expect({ status, stderr }).toEqual({ status: 8, stderr: '' });
  });

  it('goes on waiting as long as there is something to wait for, and ends after it', () => {
    const { status, stdout } = run(`
      const net = require('node:net');
      const server = net.createServer((peer) => setTimeout(() => peer.end('late\\n'), 50)).listen(directory + '/t', async () => {
        server.unref();
        const fd = native.connectUnix(directory + '/t');
        console.log((await native.receiveDescriptors(fd)).line);
        native.close(fd);
      });`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'late\n\n' });
  });

  it('loads the addon in worker threads too', () => {
    const { status, stdout } = run(`
      const { Worker } = require('node:worker_threads');
      const body = 'const module = { exports: {} }; process.dlopen(module, ' + JSON.stringify(${JSON.stringify(addonOf())}) + ');'
        + 'const a = module.exports.openDirectory("/"); module.exports.lock(a, "shared", true).then((taken) => console.log(taken));';
      new Worker(body, { eval: true });`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'true\n' });
  });
});

function addonOf(): string {
  return join(dirname(tcrunPath()), 'tcompose.node');
}
