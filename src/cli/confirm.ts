// A question on the terminal. Where nobody can answer, the safe answer is taken.

import { standardError } from '../ui/sink.ts';

export type Answer = 'yes' | 'no' | 'nobody';

export async function ask(question: string): Promise<Answer> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return 'nobody';
  const { createInterface } = await import('node:readline/promises');
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return isYes(await dialogue.question(`${question} [yN] `)) ? 'yes' : 'no';
  } finally {
    dialogue.close();
  }
}

/** For commands with `--force`. `yes | tcompose rm` answers, too. */
export async function confirm(question: string): Promise<boolean> {
  if (process.stdin.isTTY) {
    const answer = await ask(`${question}?`);
    if (answer !== 'nobody') return answer === 'yes';
  }
  const screen = standardError();
  screen.write(`${question}? [yN] `);
  const answer = process.stdin.isTTY ? undefined : await readLine(process.stdin);
  screen.write(answer === undefined ? nobodyAnswers : `${answer}\n`);
  return answer !== undefined && isYes(answer);
}

const nobodyAnswers = 'nobody answers: no. Use --force to do it without asking.\n';

function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim());
}

/** Undefined: the input ends before. */
async function readLine(input: NodeJS.ReadableStream): Promise<string | undefined> {
  const { createInterface } = await import('node:readline');
  for await (const line of createInterface({ input })) return line;
  return undefined;
}
