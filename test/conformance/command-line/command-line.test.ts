// The flags that people and scripts know from other tools, each held against ours: known by its name and letter, with a
// value or without, and honoured, or else refused or ignored with a reason.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseArguments, splitVerb } from '../../../src/cli/argv.ts';
import type { FlagSpecs } from '../../../src/cli/flag.ts';
import { foreignFlags } from '../../../src/cli/foreign-flags.ts';
import { findForeignVerb, foreignVerbs } from '../../../src/cli/foreign-verbs.ts';
import { globalFlags } from '../../../src/cli/global-flags.ts';
import { rootFlags } from '../../../src/cli/main.ts';
import { findVerb } from '../../../src/cli/verb-table.ts';

type Verdict = 'honoured' | 'refused' | 'ignored';

interface KnownFlag {
  readonly spellings: readonly string[];
  readonly takesValue: boolean;
  readonly verdict: Verdict;
}

interface KnownCommand {
  readonly words: readonly string[];
  readonly verdict: Verdict;
  readonly flags: readonly KnownFlag[];
}

/** Commands that are ours in another way: `help` is of the command line itself. */
const builtIn = ['help'];

function readTable(file: string): KnownCommand[] {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  const paragraphs = text.split('\n\n').slice(1);
  return paragraphs.map((paragraph) => {
    const [head = '', ...lines] = paragraph.trimEnd().split('\n');
    const [words, verdict] = splitVerdict(head);
    const flags = lines.map((line): KnownFlag => {
      const [parts, flagVerdict] = splitVerdict(line);
      const spellings = parts.filter((part) => part.startsWith('-'));
      return { spellings, takesValue: parts.includes('VALUE'), verdict: flagVerdict };
    });
    return { words, verdict, flags };
  });
}

function splitVerdict(line: string): [string[], Verdict] {
  const [parts = '', verdict = 'honoured'] = line.split(' : ');
  return [parts.trim().split(' '), verdict as Verdict];
}

/** The name of ours that one spelling leads to, parsed as the command line is. */
function nameOf(words: readonly string[], spelling: string, takesValue: boolean, flags: FlagSpecs): string {
  const line = takesValue ? [spelling, 'a-value'] : [spelling];
  const parsed =
    words[0] === '.' ? splitVerb([...line, 'ps'], rootFlags) : parseArguments(line, [flags, globalFlags]);
  const rest = 'operands' in parsed ? parsed.operands : parsed.rest;
  const [token] = parsed.flags;
  if (parsed.flags.length !== 1 || rest.length > 0) return 'something else';
  return (typeof token?.value === 'string') === takesValue ? (token?.name ?? '') : 'of another kind';
}

async function flagsOf(words: readonly string[]): Promise<FlagSpecs> {
  if (words[0] === '.' || builtIn.includes(words[0] ?? '')) return rootFlags;
  const found = findVerb(words[0] ?? '', words[1]);
  if (found === undefined) throw new Error(`no command ${words.join(' ')}`);
  return (await found.entry.load()).command.flags;
}

function judge(specs: FlagSpecs, name: string): Verdict | 'unknown' {
  const spec = specs[name] ?? globalFlags[name as keyof typeof globalFlags];
  if (spec === undefined) return 'unknown';
  if ('refused' in spec) return 'refused';
  return 'ignored' in spec ? 'ignored' : 'honoured';
}

const tables = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.flags'));

describe.each(tables)('%s', (file) => {
  it.each(readTable(file).map((command) => [command.words.join(' '), command] as const))(
    '%s',
    async (_, { words, verdict, flags }) => {
      if (verdict === 'refused') {
        expect(findVerb(words[0] ?? '', words[1])).toBeUndefined();
        expect(findForeignVerb(words[0] ?? '', words[1])).toBeDefined();
        return;
      }
      const specs = await flagsOf(words);
      const ours = flags.map((flag) => {
        const names = flag.spellings.map((spelling) => nameOf(words, spelling, flag.takesValue, specs));
        const verdicts = new Set(names.map((name) => judge(specs, name)));
        return { spellings: flag.spellings, names: new Set(names).size, verdicts: [...verdicts] };
      });
      expect(ours).toEqual(
        flags.map(({ spellings, verdict: wanted }) => ({ spellings, names: 1, verdicts: [wanted] })),
      );
    },
  );
});

describe('what is refused', () => {
  it('says what to do instead', async () => {
    const refusals = foreignVerbs.map((verb) => findForeignVerb(verb, undefined)?.refusal);
    const layers: FlagSpecs[] = [foreignFlags];
    for (const verb of ['up', 'build', 'logs']) layers.push(await flagsOf([verb]));
    for (const layer of layers) {
      for (const { refused } of Object.values(layer)) if (refused) refusals.push(refused);
    }
    expect(refusals.length).toBeGreaterThan(20);
    for (const refusal of refusals) {
      expect(refusal?.why).toMatch(/^\S.{10}/);
      expect(refusal?.instead).toMatch(/^\S.{10}/);
    }
  });
});
