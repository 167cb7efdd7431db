// A question on the terminal. Where nobody can answer, the safe answer is taken.

import { standardError } from '../ui/sink.ts';

export type Answer = 'yes' | 'no' | 'nobody';

export async function ask(question: string): Promise<Answer> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return 'nobody';
  const { createInterface } = await import('node:readline/promises');
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await dialogue.question(`${question} [yN] `)).trim()) ? 'yes' : 'no';
  } finally {
    dialogue.close();
  }
}

/** For commands with `--force`. */
export async function confirm(question: string): Promise<boolean> {
  const answer = await ask(`${question}?`);
  if (answer === 'nobody') {
    standardError().write(
      `${question}? There is no terminal to answer: no. Use --force to do it without asking.\n`,
    );
  }
  return answer === 'yes';
}
