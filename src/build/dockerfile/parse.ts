// A Dockerfile as a list of instructions. Pure.

import type { SourcePosition } from '../../base/error.ts';
import { type Directives, parseDirectives } from './directive.ts';
import { takeFlags } from './flags.ts';
import { findHeredocs, type Heredoc } from './heredoc.ts';
import type { Instruction } from './instruction.ts';
import { LineReader, type LogicalLine, type ReaderOptions } from './logical-line.ts';
import { parseInstruction } from './parse-instruction.ts';
import { problem } from './problem.ts';

export interface Dockerfile {
  readonly file: string;
  readonly text: string;
  readonly directives: Directives;
  readonly instructions: readonly Instruction[];
  /** The last lines of instructions that have an empty one in their middle. */
  readonly emptyContinuations: readonly SourcePosition[];
}

export function parseDockerfile(source: ReaderOptions): Dockerfile {
  const directives = parseDirectives(source.file, source.text);
  const reader = new LineReader(source, directives.escapeToken);
  const instructions: Instruction[] = [];
  for (let line = reader.next(); line; line = reader.next()) {
    instructions.push(parseLine(line, { source, reader, escapeToken: directives.escapeToken }));
  }
  if (instructions.length === 0) {
    throw problem('the Dockerfile has no instructions', source.text, { file: source.file, line: 1, col: 1 });
  }
  return { ...source, directives, instructions, emptyContinuations: reader.emptyContinuations };
}

/** The instruction that an image keeps for those built on it. */
export function parseTrigger(trigger: string, image: string): Instruction {
  const source = { file: `ONBUILD of ${image}`, text: trigger };
  const { instructions } = parseDockerfile(source);
  const [instruction] = instructions;
  if (instruction === undefined || instructions.length > 1) {
    throw problem('it is not one instruction', trigger, { file: source.file, line: 1, col: 1 });
  }
  return instruction;
}

interface LineContext {
  readonly source: ReaderOptions;
  readonly reader: LineReader;
  readonly escapeToken: string;
}

const withHeredocs = /^(?:onbuild\s+)?(?:run|copy|add)\s/i;

function parseLine(line: LogicalLine, { source, reader, escapeToken }: LineContext): Instruction {
  const [keyword = ''] = /^\S+/.exec(line.text) ?? [];
  let offset = 0;
  try {
    const heredocs = withHeredocs.test(line.text) ? readHeredocs(line, reader) : [];
    const { flags, rest } = takeFlags(line.text, keyword.length, escapeToken);
    const parsed = parseInstruction(keyword, {
      flags,
      operands: line.text.slice(rest).trim(),
      heredocs,
      escapeToken,
      text: line.text,
      onOffset: (at) => {
        offset = at;
      },
    });
    return {
      ...parsed,
      at: line.place(0),
      lastLine: reader.line,
      text: line.text,
      keyword,
      comments: line.comments,
    } as Instruction;
  } catch (error) {
    if (error instanceof SyntaxError) throw problem(error.message, source.text, line.place(offset));
    throw error;
  }
}

function readHeredocs(line: LogicalLine, reader: LineReader): Heredoc[] {
  return findHeredocs(line.text).map((word) => {
    const content = reader.readHeredoc(word.name, word.stripTabs);
    if (content === undefined) throw new SyntaxError(`the here-document "${word.name}" does not end`);
    return { ...word, content };
  });
}
