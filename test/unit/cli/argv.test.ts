// Each golden file is a command line, a line of dashes, and what it means: global flags, verb, flags, operands.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TcError } from '../../../src/base/error.ts';
import { formatArguments, parseArguments, splitVerb } from '../../../src/cli/argv.ts';
import { globalFlags } from '../../../src/cli/global-flags.ts';
import { rootFlags } from '../../../src/cli/main.ts';
import { findVerb } from '../../../src/cli/verb-table.ts';

const golden = join(dirname(fileURLToPath(import.meta.url)), '../../golden/argv');
const separator = '\n----------\n';

async function explain(argv: readonly string[]): Promise<string> {
  try {
    const { flags, verb, rest } = splitVerb(argv, rootFlags);
    if (verb === undefined) return `global: ${quote(formatArguments({ flags, operands: [] }))}`;
    const found = findVerb(verb, rest[0]);
    if (found === undefined) return `unknown verb: ${verb}`;
    const { command } = await found.entry.load();
    const parsed = parseArguments(rest.slice(found.words), [command.flags, globalFlags], command.passthrough);
    return [
      `global:   ${quote(formatArguments({ flags, operands: [] }))}`,
      `verb:     ${found.verb}`,
      `flags:    ${quote(formatArguments({ flags: parsed.flags, operands: [] }))}`,
      `operands: ${quote(parsed.operands)}`,
    ]
      .map((line) => line.trimEnd())
      .join('\n');
  } catch (error) {
    if (!(error instanceof TcError)) throw error;
    return [`error ${error.exitCode}: ${error.message}`, ...error.hints.map((hint) => `  ${hint}`)].join(
      '\n',
    );
  }
}

/** Shell quoting as far as these tests need it. */
function quote(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word}'`)).join(' ');
}

function splitWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));
}

describe('the command line', () => {
  for (const name of readdirSync(golden)) {
    it(name.replace('.golden', ''), async () => {
      const path = join(golden, name);
      const text = readFileSync(path, 'utf8');
      const cases = text.trimEnd().split('\n\n');
      const actual: string[] = [];
      for (const one of cases) {
        const line = one.split(separator)[0] as string;
        actual.push(`${line}${separator}${await explain(splitWords(line).slice(1))}`);
      }
      const result = `${actual.join('\n\n')}\n`;
      if (process.env.GOLDEN_UPDATE === '1') writeFileSync(path, result);
      expect(result).toBe(readFileSync(path, 'utf8'));
    });
  }
});

describe('parseArguments', () => {
  const specs = {
    all: { type: 'boolean', char: 'a', summary: '' },
    name: { type: 'string', char: 'n', value: 'X', summary: '' },
  } as const;

  it('loses no word: reading its own canonical form gives the same again', () => {
    const word = fc.oneof(
      fc.constantFrom('-a', '--all', '--all=false', '-n', '--name', '--name=x', '-nx', '-an', '--', '-', ''),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word), fc.boolean(), (argv, passthrough) => {
        let parsed: ReturnType<typeof parseArguments>;
        try {
          parsed = parseArguments(argv, [specs], passthrough);
        } catch (error) {
          expect(error).toBeInstanceOf(TcError);
          return;
        }
        const canonical = formatArguments(parsed).map((text) => (text === '--no-all' ? '--all=false' : text));
        expect(parseArguments(canonical, [specs], passthrough)).toEqual(parsed);
      }),
    );
  });
});
