// The compiled filter in the kernel: a static program inside a container makes the calls and reports their errno.

import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import { syscallNumbers } from '../../../src/runtime/seccomp/syscall-numbers.ts';
import { Sandbox } from '../tcrun/sandbox.ts';

const { EPERM, ENOSYS, EBADF, EINVAL, EFAULT, EAFNOSUPPORT } = constants.errno;
const numbers = syscallNumbers(process.arch === 'arm64' ? 'aarch64' : 'x86_64');
const number = (name: string) => numbers.get(name) ?? -1;

let sandbox: Sandbox;
let probe: string;

beforeAll(() => {
  sandbox = new Sandbox();
  probe = join(sandbox.directory, 'probe');
  const source = join(dirname(fileURLToPath(import.meta.url)), 'probe.c');
  execFileSync('g++', ['-x', 'c', '-static', '-O1', '-o', probe, source]);
});
afterAll(() => sandbox.dispose());

/** Errno of each call, by what was asked. */
async function ask(
  calls: readonly string[],
  service: Partial<ServiceConfig> = {},
): Promise<Record<string, number>> {
  const args = calls.map((call) => {
    const [name = '', first] = call.split(':');
    const wanted = /^\d+$/.test(name) ? name : number(name);
    return first === undefined ? String(wanted) : `${wanted}:${first}`;
  });
  const container = await sandbox.run('', {
    binds: [{ source: probe, target: '/probe', readOnly: true }],
    service: { command: ['/probe', ...args], ...service },
  });
  const last = await container.ended();
  expect(last, container.output()).toMatchObject({ exitCode: 0, error: '' });
  const results = container.output().trim().split('\n').map(Number);
  return Object.fromEntries(calls.map((call, index) => [call, results[index] ?? -1]));
}

describe('the default filter', () => {
  it('refuses with EPERM what a container must not do, and lets the rest reach the kernel', async () => {
    expect(
      await ask([
        'getpid',
        'close',
        'mount',
        'umount2',
        'unshare:0x20000000',
        'setns',
        'bpf',
        'keyctl',
        'io_uring_setup',
        'userfaultfd',
        'reboot',
      ]),
    ).toEqual({
      getpid: 0,
      close: EBADF,
      mount: EPERM,
      umount2: EPERM,
      'unshare:0x20000000': EPERM,
      setns: EPERM,
      bpf: EPERM,
      keyctl: EPERM,
      io_uring_setup: EPERM,
      userfaultfd: EPERM,
      reboot: EPERM,
    });
  });

  it('looks at arguments', async () => {
    const calls = await ask([
      'socket:38',
      'socket:40',
      'socket:0x100000026',
      'socket:39',
      'personality:0xffffffff',
      'personality:0x40000',
    ]);
    expect(calls).toMatchObject({
      'socket:38': EPERM,
      'socket:40': EPERM,
      'socket:0x100000026': EPERM,
      'personality:0xffffffff': 0,
      'personality:0x40000': EPERM,
    });
    expect([EINVAL, EAFNOSUPPORT]).toContain(calls['socket:39']);
  });

  it('hides clone3 and calls that it cannot know', async () => {
    expect(await ask(['clone3', '5000', 'clone:0x10000011', 'clone:0x11'])).toEqual({
      clone3: ENOSYS,
      5000: ENOSYS,
      'clone:0x10000011': EPERM,
      'clone:0x11': 0,
    });
  });

  it.runIf(process.arch === 'x64')('answers ENOSYS to x32', async () => {
    const read = 0x40000000;
    expect(await ask([String(read)])).toEqual({ [String(read)]: ENOSYS });
  });

  it('holds with no_new_privs and for another user', async () => {
    const calls = await ask(['mount', 'getpid'], { user: 'app', security_opt: ['no-new-privileges'] });
    expect(calls).toEqual({ mount: EPERM, getpid: 0 });
  });
});

it('opens with capabilities', async () => {
  const open = await ask(['mount', 'clone3', 'unshare:0'], { cap_add: ['SYS_ADMIN'] });
  expect(open).toMatchObject({ mount: EFAULT, 'unshare:0': 0 });
  expect(open['clone3']).not.toBe(ENOSYS);
});

it('is absent with seccomp=unconfined', async () => {
  const calls = await ask(['socket:40', 'clone3'], { security_opt: ['seccomp=unconfined'] });
  expect(calls['clone3']).not.toBe(ENOSYS);
  expect(calls['socket:40']).not.toBe(EPERM);
});
