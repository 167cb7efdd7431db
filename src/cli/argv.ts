// The command line, taken apart by pflag's rules, which Docker Compose users type: bundled short flags, values attached or
// apart, global flags on either side of the verb. Pure: knows flags only by their descriptions.

import { TcError } from '../base/error.ts';
import { findNearest } from '../base/suggest.ts';
import type { FlagSpec, FlagSpecs } from './flag.ts';

export interface FlagToken {
  /** Long name. */
  readonly name: string;
  readonly value: string | boolean;
  /** The environment variable that it stands for. */
  readonly variable?: string;
}

export interface ParsedArguments {
  readonly flags: readonly FlagToken[];
  readonly operands: readonly string[];
}

export interface SplitCommandLine {
  readonly flags: readonly FlagToken[];
  /** Absent: nothing but global flags. */
  readonly verb: string | undefined;
  /** What follows the verb, untouched. */
  readonly rest: readonly string[];
}

/** Reads global flags up to the first operand, which is the verb. */
export function splitVerb(argv: readonly string[], globals: FlagSpecs): SplitCommandLine {
  const reader = new ArgumentReader(argv, [globals]);
  const [verb, ...rest] = reader.read(true).operands;
  return { flags: reader.flags, verb, rest };
}

/**
 * Reads what follows the verb. Layers shadow from the left: `logs -f` is follow, `up -f` the file. With `passthrough`,
 * everything from the first operand on is left as it is.
 */
export function parseArguments(
  argv: readonly string[],
  layers: readonly FlagSpecs[],
  passthrough = false,
): ParsedArguments {
  return new ArgumentReader(argv, layers).read(passthrough);
}

/** One spelling for each command line: what oclif and the golden tests read. */
export function formatArguments(parsed: ParsedArguments): string[] {
  const flags = parsed.flags.map(({ name, value }) => {
    if (value === true) return `--${name}`;
    return value === false ? `--no-${name}` : `--${name}=${value}`;
  });
  return parsed.operands.length === 0 ? flags : [...flags, '--', ...parsed.operands];
}

class ArgumentReader {
  readonly flags: FlagToken[] = [];
  private readonly operands: string[] = [];
  private readonly argv: readonly string[];
  private readonly layers: readonly FlagSpecs[];
  private at = 0;

  constructor(argv: readonly string[], layers: readonly FlagSpecs[]) {
    this.argv = argv;
    this.layers = layers;
  }

  read(stopAtOperand: boolean): ParsedArguments {
    while (this.at < this.argv.length) {
      const word = this.argv[this.at] as string;
      this.at += 1;
      if (word === '--') {
        this.takeRest();
      } else if (word.startsWith('--')) {
        this.readLong(word);
      } else if (word.startsWith('-') && word !== '-') {
        this.readShort(word);
      } else {
        this.operands.push(word);
        if (stopAtOperand) this.takeRest();
      }
    }
    return { flags: this.flags, operands: this.operands };
  }

  private takeRest(): void {
    this.operands.push(...this.argv.slice(this.at));
    this.at = this.argv.length;
  }

  private readLong(word: string): void {
    const equals = word.indexOf('=');
    const spelled = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const found = this.findLong(spelled);
    if (found === undefined) throw this.unknown(`--${spelled}`);
    const attached = equals < 0 ? undefined : word.slice(equals + 1);
    if (found.spec.type === 'boolean') {
      this.push(found.name, attached === undefined ? true : parseBoolean(word, attached));
    } else {
      this.push(found.name, attached ?? this.nextValue(`--${spelled}`));
    }
  }

  /** `-fsv`, `-t5`, `-t 5`, `-t=5`, `-T=false`. */
  private readShort(word: string): void {
    for (let index = 1; index < word.length; index += 1) {
      const char = word[index] as string;
      const found = this.findShort(char);
      if (found === undefined) throw this.unknown(`-${char}`, word);
      const attached = word.slice(index + 1);
      const hasEquals = attached.startsWith('=');
      if (found.spec.type !== 'boolean') {
        const value = hasEquals ? attached.slice(1) : attached;
        this.push(found.name, attached === '' ? this.nextValue(`-${char}`) : value);
        return;
      }
      this.push(found.name, hasEquals ? parseBoolean(word, attached.slice(1)) : true);
      if (hasEquals) return;
    }
  }

  private push(name: string, value: string | boolean): void {
    this.flags.push({ name, value });
  }

  private nextValue(flag: string): string {
    const value = this.argv[this.at];
    if (value === undefined) throw usageError(`flag needs a value: ${flag}`);
    this.at += 1;
    return value;
  }

  private findLong(spelled: string): { name: string; spec: FlagSpec } | undefined {
    for (const layer of this.layers) {
      const spec = Object.hasOwn(layer, spelled) ? layer[spelled] : undefined;
      if (spec !== undefined) return { name: spelled, spec };
      for (const [name, candidate] of Object.entries(layer)) {
        if (candidate.aliases?.includes(spelled)) return { name, spec: candidate };
      }
    }
    return undefined;
  }

  private findShort(char: string): { name: string; spec: FlagSpec } | undefined {
    for (const layer of this.layers) {
      for (const [name, spec] of Object.entries(layer)) {
        if (spec.char === char) return { name, spec };
      }
    }
    return undefined;
  }

  private unknown(flag: string, word = flag): TcError {
    const known = this.layers.flatMap((layer) => Object.keys(layer).filter((name) => !layer[name]?.hidden));
    const near = flag.startsWith('--') ? findNearest(flag.slice(2), known) : undefined;
    const where = word === flag ? '' : ` in ${word}`;
    return usageError(`unknown flag: ${flag}${where}`, near === undefined ? [] : [`did you mean --${near}?`]);
  }
}

function parseBoolean(word: string, value: string): boolean {
  if (['true', 't', '1', 'TRUE', 'True', 'T'].includes(value)) return true;
  if (['false', 'f', '0', 'FALSE', 'False', 'F'].includes(value)) return false;
  throw usageError(`${word}: "${value}" is neither true nor false`);
}

export function usageError(message: string, hints: readonly string[] = []): TcError {
  return new TcError(message, { code: 'usage', exitCode: 2, hints });
}
