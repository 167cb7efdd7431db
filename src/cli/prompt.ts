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
  const answer = await ask(question, undefined);
  standardError().write('\n');
  return answer;
}

/** `echo`: where what is typed shows. */
async function ask(question: string, echo: NodeJS.WritableStream | undefined): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const output = echo ?? new Writable({ write: (_chunk, _encoding, done) => done() });
  const stop = new AbortController();
  const dialogue = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  // Ctrl-C is a character while the terminal is raw, and the end of the input is no answer.
  dialogue.on('SIGINT', () => stop.abort());
  dialogue.on('close', () => stop.abort());
  try {
    // The terminal has stopped echoing by now: whoever types as soon as the question shows is not seen.
    if (echo === undefined) standardError().write(question);
    return await dialogue.question(echo === undefined ? '' : question, { signal: stop.signal });
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
