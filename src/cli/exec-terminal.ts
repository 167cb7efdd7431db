// The caller's terminal while a command runs in a container: raw mode, window size, signals.

import { fstatSync } from 'node:fs';
import type { ExecSession } from '../engine/ports.ts';
import { isTerminal } from '../ui/sink.ts';
import { interruptedExitCode } from './exit-code.ts';

export function hasTerminal(): boolean {
  return isTerminal(0) && isTerminal(1);
}

/**
 * The caller's streams, each opened only when somebody asks for it: where a descriptor goes straight in, Node's stream is
 * never made. /dev/null is as good as none.
 */
export function openStandardStreams(flags: { readonly detach: boolean; readonly interactive: boolean }) {
  const isWanted = (fd: number) => !flags.detach && !isNullDevice(fd);
  const [input, output, errors] = [flags.interactive && isWanted(0), isWanted(1), isWanted(2)];
  return {
    descriptors: {
      ...(input && { stdin: 0 }),
      ...(output && { stdout: 1 }),
      ...(errors && { stderr: 2 }),
    },
    get stdin() {
      return input ? process.stdin : undefined;
    },
    get stdout() {
      return output ? process.stdout : undefined;
    },
    get stderr() {
      return errors ? process.stderr : undefined;
    },
  };
}

/** Closed counts as null: there is nothing to read, and nobody to write to. */
function isNullDevice(fd: number): boolean {
  try {
    const { rdev } = fstatSync(fd);
    return rdev === nullDevice;
  } catch {
    return true;
  }
}

/** Major 1, minor 3 (Linux, Documentation/admin-guide/devices.txt). */
const nullDevice = 0x103;

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
