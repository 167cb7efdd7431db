// COPY and ADD. Pure.

import { parseList } from './arguments.ts';
import { readFlags } from './flags.ts';
import { parseHeredoc } from './heredoc.ts';
import type { CopyInstruction } from './instruction.ts';
import type { InstructionSource, Rest } from './parse-instruction.ts';

const shared = { chown: 'text', chmod: 'text', link: 'boolean', exclude: 'list' } as const;
const copyFlags = { ...shared, from: 'text', parents: 'boolean' } as const;
const addFlags = { ...shared, checksum: 'text', 'keep-git-dir': 'boolean', unpack: 'boolean' } as const;

export function parseCopy(source: InstructionSource, kind: 'COPY' | 'ADD'): Rest<CopyInstruction> {
  const { chown, chmod, link, exclude, ...own } =
    kind === 'COPY'
      ? readFlags(copyFlags, source.flags, source.onOffset)
      : readFlags(addFlags, source.flags, source.onOffset);
  return {
    kind,
    ...takeOperands(source, kind),
    ...(chown ? { chown } : {}),
    ...(chmod ? { chmod } : {}),
    isLink: link === true,
    exclude,
    parents: 'parents' in own && own.parents === true,
    ...('from' in own && own.from !== undefined ? { from: own.from } : {}),
    ...('checksum' in own && own.checksum !== undefined ? { checksum: own.checksum } : {}),
    ...('unpack' in own && own.unpack !== undefined ? { unpack: own.unpack } : {}),
    ...('keep-git-dir' in own && own['keep-git-dir'] !== undefined
      ? { keepGitDir: own['keep-git-dir'] }
      : {}),
  };
}

function takeOperands({ operands, heredocs }: InstructionSource, kind: string) {
  const words = parseList(operands);
  const destination = words.at(-1);
  if (words.length < 2 || destination === undefined) {
    throw new SyntaxError(`${kind} needs at least one source and a destination`);
  }
  if (parseHeredoc(destination))
    throw new SyntaxError(`the destination of ${kind} cannot be a here-document`);
  const sources = words.slice(0, -1).filter((word) => !parseHeredoc(word));
  return { sources, heredocs, destination };
}
