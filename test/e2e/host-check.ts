// Runs before and after all tests that touch the host: the suite leaves it as it found it, or fails.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { diffHost, observeHost } from './host-state.ts';
import { eventually } from './scenario.ts';

export default function check(project: TestProject): () => Promise<void> {
  const kept = process.env['TEST_EXAMPLES_ROOT'];
  const examplesRoot = kept ?? mkdtempSync(join(tmpdir(), 'tcompose-examples-'));
  project.provide('examplesRoot', examplesRoot);
  const before = observeHost();
  return async () => {
    if (kept === undefined) rmSync(examplesRoot, { recursive: true, force: true });
    const look = () => diffHost(before, observeHost());
    await eventually('the kernel has let go', () => Object.keys(look()).length === 0 || undefined).catch(
      () => undefined,
    );
    const left = look();
    if (Object.keys(left).length === 0) return;
    // An error here is only printed; the exit code is what tells whoever runs the tests.
    process.exitCode = 1;
    throw new Error(`the tests left on this host: ${JSON.stringify(left, null, 2)}`);
  };
}
