// Runs a command line to its end.

import { spawn } from 'node:child_process';
import type { Sandbox } from './sandbox.ts';

export interface Answer {
  /** Standard output; undefined if the tool refuses. */
  readonly text: string | undefined;
  readonly errors: string;
}

export function ask(command: readonly string[], sandbox: Sandbox, view: readonly string[]): Promise<Answer> {
  const [program = '', ...first] = command;
  const args = [...first, ...sandbox.flags, 'config', ...view, ...sandbox.services];
  const { cwd, env } = sandbox;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, timeout: 20_000, killSignal: 'SIGKILL' });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => errors.push(chunk));
    child.on('error', reject);
    child.stdin.on('error', () => {}); // A tool that refuses need not read it.
    child.stdin.end(sandbox.stdin);
    child.on('close', (code) => {
      const text = Buffer.concat(output).toString();
      resolve({ text: code === 0 ? text : undefined, errors: Buffer.concat(errors).toString() });
    });
  });
}
