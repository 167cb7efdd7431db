// Questions that somebody at the terminal answers in a line.

import { Writable } from 'node:stream';
import { TcError } from '../base/error.ts';
import { isTerminal, standardError } from '../ui/sink.ts';
import { interruptedExitCode } from './exit-code.ts';

export function canAsk(): boolean {
  return isTerminal(0) && isTerminal(2);
}

export function askLine(question: string): Promise<string> {
  return ask(question, process.stderr);
}

/** What is typed does not show. */
export async function askSecret(question: string): Promise<string> {
  standardError().write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await ask('', nowhere);
  standardError().write('\n');
  return answer;
}

async function ask(question: string, output: NodeJS.WritableStream): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const stop = new AbortController();
  const dialogue = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  // Ctrl-C is a character while the terminal is raw, and the end of the input is no answer.
  dialogue.on('SIGINT', () => stop.abort());
  dialogue.on('close', () => stop.abort());
  try {
    return await dialogue.question(question, { signal: stop.signal });
  } catch (cause) {
    standardError().write('\n');
    throw new TcError('the question was not answered', {
      code: 'interrupted',
      exitCode: interruptedExitCode,
      cause,
    });
  } finally {
    dialogue.close();
  }
}
