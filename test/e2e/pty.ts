// tcompose on a terminal of its own, made by script(1): what is typed, what is shown.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually, executable, type Scenario } from './scenario.ts';

export class Pty {
  readonly child: ChildProcess;
  readonly closed: Promise<unknown>;
  /** Without carriage returns. */
  shown = '';

  /** Runs a shell line in which `tcompose` is the command under test. */
  constructor(scenario: Scenario, line: string, environment: Record<string, string> = {}) {
    const tcompose = `${process.execPath} ${executable}`;
    this.child = spawn('script', ['-qec', line.replaceAll('tcompose', tcompose), '/dev/null'], {
      cwd: scenario.directory,
      env: { ...scenario.environment, TERM: 'xterm', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout?.on('data', (bytes) => {
      this.shown += String(bytes).replaceAll('\r', '');
    });
    this.closed = once(this.child, 'close');
  }

  type(keys: string): void {
    this.child.stdin?.write(keys);
  }

  /** Waits until `text` is shown, after what was shown at the last call. */
  async shows(text: string): Promise<void> {
    await eventually(`${JSON.stringify(text)} in ${JSON.stringify(this.shown)}`, () =>
      this.shown.includes(text),
    );
    this.shown = this.shown.slice(this.shown.indexOf(text) + text.length);
  }

  /** The host's pid of the tcompose below it. */
  async pid(): Promise<number> {
    const { readFileSync, readdirSync } = await import('node:fs');
    const isOurs = (pid: string) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[1] === executable && isBelow(Number(pid), this.child.pid as number);
      } catch {
        return false;
      }
    };
    const parentOf = (pid: number) =>
      Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
    const isBelow = (pid: number, top: number): boolean =>
      pid === top || (pid > 1 && isBelow(parentOf(pid), top));
    return eventually('tcompose runs', () => {
      const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isOurs(name));
      return found === undefined ? undefined : Number(found);
    });
  }
}
