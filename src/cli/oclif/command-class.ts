// A command's description as an oclif class: its flags in oclif's words, so that oclif checks, runs and explains it.

import { Flags, Command as OclifCommand } from '@oclif/core';
import type { Command, Invocation } from '../command.ts';
import type { FlagSpec, FlagSpecs } from '../flag.ts';
import { globalFlags } from '../global-flags.ts';
import type { VerbEntry } from '../verb-table.ts';

type OclifFlags = NonNullable<(typeof OclifCommand)['flags']>;

export interface Described {
  readonly verb: string;
  readonly entry: VerbEntry;
  readonly command: Command;
}

/** Without an invocation it serves for help alone. */
export function toCommandClass({ verb, entry, command }: Described, invocation?: Invocation) {
  return class extends OclifCommand {
    static override readonly id = verb.replaceAll(' ', ':');
    static override readonly summary = entry.summary;
    static override readonly aliases = [...(entry.aliases ?? [])];
    static override readonly usage = `${verb} [FLAGS] ${command.operands}`.trimEnd();
    static override readonly strict = false;
    static override readonly examples = command.examples.map(({ text, line }) => ({
      description: text,
      command: `tcompose ${line}`,
    }));
    static override readonly flags = toOclifFlags(command.flags);
    static override readonly baseFlags = toOclifFlags(globalFlags, 'GLOBAL');

    async run(): Promise<number> {
      await this.parse(this.ctor);
      return invocation === undefined ? 0 : command.run(invocation);
    }
  };
}

function toOclifFlags(specs: FlagSpecs, helpGroup?: string): OclifFlags {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, toOclifFlag(name, spec, helpGroup)]),
  );
}

function toOclifFlag(name: string, spec: FlagSpec, helpGroup: string | undefined): OclifFlags[string] {
  const common = {
    char: spec.char as 'a' | undefined,
    helpLabel: `${spec.char === undefined ? '    ' : `-${spec.char}, `}--${name}`,
    summary: spec.refused && !spec.harmless ? `${spec.summary} (not supported)` : spec.summary,
    hidden: spec.hidden,
    helpGroup,
  };
  switch (spec.type) {
    case 'boolean':
      return Flags.boolean({ ...common, allowNo: true, default: spec.default });
    case 'integer':
      return Flags.integer({ ...common, helpValue: spec.value, min: spec.min ?? 0 });
    case 'list':
      return Flags.string({ ...common, helpValue: spec.value, multiple: true, multipleNonGreedy: true });
    case 'string':
      return Flags.string({ ...common, helpValue: spec.value, options: spec.options, default: spec.default });
  }
}
