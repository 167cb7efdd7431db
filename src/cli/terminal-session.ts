// The caller's terminal while a command runs in a container: raw mode, window size, detach keys, signals.

import { fstatSync } from 'node:fs';
import type { ExecSession } from '../engine/ports.ts';
import { isTerminal } from '../ui/sink.ts';
import { interruptedExitCode } from './exit-code.ts';

export function hasTerminal(): boolean {
  return isTerminal(0) && isTerminal(1);
}

export interface StreamsWanted {
  readonly detach: boolean;
  readonly interactive: boolean;
  /** Keys that leave the container alone; absent: all that is typed is passed on. */
  readonly detachKeys?: Buffer | undefined;
}

/**
 * The caller's streams, each opened only when somebody asks for it: where a descriptor goes straight in, Node's stream is
 * never made. /dev/null is as good as none.
 */
export async function openStandardStreams({ detach, detachKeys, interactive }: StreamsWanted) {
  const isWanted = (fd: number) => !detach && !isNullDevice(fd);
  const [input, output, errors] = [interactive && isWanted(0), isWanted(1), isWanted(2)];
  const filter = input && detachKeys ? await createFilter(detachKeys) : undefined;
  return {
    filter,
    descriptors: {
      ...(input && { stdin: 0 }),
      ...(output && { stdout: 1 }),
      ...(errors && { stderr: 2 }),
    },
    get stdin() {
      if (filter) return process.stdin.pipe(filter);
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

async function createFilter(keys: Buffer) {
  const { DetachFilter } = await import('./detach-filter.ts');
  return new DetachFilter(keys);
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

export interface TerminalUse {
  /** The caller's terminal is the command's: raw, and of its size. */
  readonly terminal: boolean;
  /** Told that the detach keys were typed. */
  readonly detached?: Promise<void> | undefined;
  /** Ends the hearing of whoever heard the caller's signals before, and tells those that are still to be passed on. */
  readonly takeSignals?: () => readonly NodeJS.Signals[];
  /** What the caller's signals do; default: they are passed on, and the third Ctrl-C ends the CLI. */
  readonly onSignal?: (name: NodeJS.Signals) => void;
}

/** Resolves to the command's exit code, or undefined if it was left alone; the terminal is then as it was before. */
export async function attachTerminal(session: ExecSession, use: TerminalUse): Promise<number | undefined> {
  const onSignal = use.onSignal ?? forwardTo(session);
  const release = [passSignals(onSignal), use.terminal && useTerminal(session)];
  // Only now: while nobody listens, Node drops a signal that is on its way, or the signal ends this process.
  for (const name of use.takeSignals?.() ?? []) onSignal(name);
  try {
    const never = new Promise<void>(() => undefined);
    const exitCode = await Promise.race([session.exitCode, use.detached ?? never]);
    if (exitCode !== undefined) return exitCode;
    session.exitCode.catch(() => undefined);
    session.leave();
    return undefined;
  } finally {
    for (const undo of release) if (undo) undo();
  }
}

/** Ctrl-C and Ctrl-Z are characters for the command's own terminal; a stop from outside must not leave this one raw. */
function useTerminal(session: ExecSession): () => void {
  const { stdin, stdout } = process;
  const resize = () => session.resize(stdout.rows, stdout.columns);
  const restore = () => stdin.setRawMode(false);
  const suspend = () => {
    restore();
    process.kill(process.pid, 'SIGSTOP');
  };
  const resume = () => {
    stdin.setRawMode(true);
    resize();
  };
  stdout.on('resize', resize);
  process.on('exit', restore);
  process.on('SIGTSTP', suspend);
  process.on('SIGCONT', resume);
  resume();
  return () => {
    stdout.off('resize', resize);
    process.off('exit', restore);
    process.off('SIGTSTP', suspend);
    process.off('SIGCONT', resume);
    restore();
  };
}

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

function passSignals(onSignal: (name: NodeJS.Signals) => void): () => void {
  for (const name of passedOn) process.on(name, onSignal);
  return () => {
    for (const name of passedOn) process.off(name, onSignal);
  };
}

/** Whoever asks a third time wants the prompt back, whatever is left running. A terminal that is gone is, too. */
function forwardTo(session: ExecSession): (name: NodeJS.Signals) => void {
  let count = 0;
  return (name) => {
    session.signal(name);
    count += name === 'SIGINT' || name === 'SIGTERM' ? 1 : 0;
    if (count === 3) process.exit(interruptedExitCode);
    if (name === 'SIGHUP') setImmediate(() => process.exit(hangupExitCode));
  };
}

/** 128 + SIGHUP. */
const hangupExitCode = 129;
