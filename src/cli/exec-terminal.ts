// The caller's terminal while a command runs in a container: raw mode, window size, signals.

import type { ExecSession } from '../engine/ports.ts';
import { interruptedExitCode } from './exit-code.ts';

export function hasTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Resolves to the command's exit code, with the terminal as it was before. */
export async function attachTerminal(session: ExecSession, terminal: boolean): Promise<number> {
  const detach = terminal ? attachRaw(session) : forwardSignals(session);
  try {
    return await session.exitCode;
  } finally {
    detach();
  }
}

/** Ctrl-C is a character for the command's own terminal. */
function attachRaw(session: ExecSession): () => void {
  const resize = () => session.resize(process.stdout.rows, process.stdout.columns);
  process.stdin.setRawMode(true);
  process.stdout.on('resize', resize);
  resize();
  return () => {
    process.stdout.off('resize', resize);
    process.stdin.setRawMode(false);
  };
}

/** Without a terminal the command would not hear of a Ctrl-C; a second one leaves it alone and ends the CLI. */
function forwardSignals(session: ExecSession): () => void {
  let count = 0;
  const forward = (name: NodeJS.Signals) => {
    count += 1;
    if (count > 1) process.exit(interruptedExitCode);
    session.signal(name);
  };
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  return () => {
    process.off('SIGINT', forward);
    process.off('SIGTERM', forward);
  };
}
