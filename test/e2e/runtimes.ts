// The OCI runtimes that this host has, for tests that run services under them.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestRuntime {
  /** Why it is not tested here, if it is not. */
  readonly title: string;
  /** What `runtime` says. */
  readonly name: string;
  readonly isThere: boolean;
}

const directory = mkdtempSync(join(tmpdir(), 'tcompose-runtimes-'));

/** Nothing is known of a program with this name, so only itself is trusted to get into its containers. */
export function wrap(name: string, program: string, before = ''): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${before}\nexec ${program} "$@"\n`, { mode: 0o755 });
  return path;
}

function describeRuntime(title: string, name: string, program: string): TestRuntime {
  const isThere = existsSync(program);
  return { title: isThere ? title : `${title} (skipped: ${program} is not installed)`, name, isThere };
}

const RUNC = '/usr/sbin/runc';

export const runc = describeRuntime('runc', 'runc', RUNC);

export const runtimes: readonly TestRuntime[] = [
  runc,
  describeRuntime('crun', 'crun', '/usr/bin/crun'),
  describeRuntime('a runtime that only itself can enter', wrap('other-runtime', RUNC), RUNC),
];

/** Without a network, whose stack of 2022 is lost on newer kernels. */
const RUNSC = process.env['TEST_RUNSC'] ?? '/usr/bin/runsc';
export const gvisor = describeRuntime('gVisor', wrap('gvisor', `${RUNSC} --network=none`), RUNSC);

export function forgetRuntimes(): void {
  rmSync(directory, { recursive: true, force: true });
}
