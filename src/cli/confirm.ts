// A question on the terminal. Where nobody can answer, the safe answer is taken and said.

import { standardError } from '../ui/sink.ts';

export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    standardError().write(
      `${question}? There is no terminal to answer: no. Use --force to do it without asking.\n`,
    );
    return false;
  }
  const { createInterface } = await import('node:readline/promises');
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await dialogue.question(`${question}? [yN] `)).trim());
  } finally {
    dialogue.close();
  }
}
