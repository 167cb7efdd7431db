// Runs before and after all tests that touch the host: the suite leaves it as it found it, or fails.

import { diffHost, observeHost } from './host-state.ts';
import { eventually } from './scenario.ts';

export default function check(): () => Promise<void> {
  const before = observeHost();
  return async () => {
    const look = () => diffHost(before, observeHost());
    await eventually('the kernel has let go', () => Object.keys(look()).length === 0 || undefined, 5).catch(
      () => undefined,
    );
    const left = look();
    if (Object.keys(left).length === 0) return;
    // An error here is only printed; the exit code is what tells whoever runs the tests.
    process.exitCode = 1;
    throw new Error(`the tests left on this host: ${JSON.stringify(left, null, 2)}`);
  };
}
