import { expect, it } from 'vitest';
import { listenForInterrupts } from '../../../src/cli/interrupts.ts';
import { attachTerminal } from '../../../src/cli/terminal-session.ts';

it('passes on what was heard before the command could hear it', async () => {
  const { interrupted, release } = listenForInterrupts();
  process.emit('SIGTERM', 'SIGTERM');
  expect(interrupted.aborted).toBe(true);
  const passed: string[] = [];
  let end: (exitCode: number) => void = () => undefined;
  const session = {
    exitCode: new Promise<number>((resolve) => {
      end = resolve;
    }),
    resize: () => undefined,
    signal: (name: string) => passed.push(name),
    leave: () => undefined,
  };
  const ended = attachTerminal(session, { terminal: false, takeSignals: release });
  process.emit('SIGUSR1', 'SIGUSR1');
  end(3);
  expect(await ended).toBe(3);
  expect(passed).toEqual(['SIGTERM', 'SIGUSR1']);
});
