// Help by oclif's formatter: examples first, since they are what a reader came for.

import { CommandHelp, HelpBase, type Interfaces } from '@oclif/core';
import { foreignVerbs } from '../foreign-verbs.ts';
import { type VerbEntry, verbs } from '../verb-table.ts';
import { toCommandClass } from './command-class.ts';
import { loadConfig } from './config.ts';

type HelpOptions = Partial<Interfaces.HelpOptions>;

const sectionOrder = ['EXAMPLES', 'USAGE', 'ALIASES', 'FLAGS'];

const rootExamples: readonly [string, string][] = [
  ['tcompose up -d', 'Start the project of this directory in the background'],
  ['tcompose logs -f web', 'Follow what a service prints'],
  ['tcompose plan', 'See what up would do, and why'],
];

export async function renderVerbHelp(verb: string, entry: VerbEntry): Promise<string> {
  const { command } = await entry.load();
  const commandClass = toCommandClass({ verb, entry, command });
  // The id of a verb of two words shows as it is typed.
  const described = {
    ...commandClass,
    id: verb,
    flags: { ...commandClass.flags, ...commandClass.baseFlags },
  };
  const help = new ExamplesFirst(described as never, await loadConfig(), options() as never);
  return `${entry.summary}\n\n${help.generate()}\n`;
}

export async function renderRootHelp(): Promise<string> {
  return new RootHelp(await loadConfig(), options()).generate();
}

/** Of the commands whose first word this is. */
export async function renderGroupHelp(first: string): Promise<string> {
  return new RootHelp(await loadConfig(), options()).generateGroup(first);
}

class ExamplesFirst extends CommandHelp {
  protected override sections() {
    const sections = super.sections();
    return sectionOrder.flatMap((header) => sections.filter((section) => section.header === header));
  }
}

class RootHelp extends HelpBase {
  generate(): string {
    const listed = Object.entries(verbs);
    const parts = [
      this.config.pjson.description ?? '',
      this.section('EXAMPLES', this.list(rootExamples)),
      this.section('USAGE', '$ tcompose [GLOBAL FLAGS] COMMAND [FLAGS]'),
      this.section('COMMANDS', this.list(listed.map(([verb, entry]) => [verb, entry.summary]))),
      this.section('NOT SUPPORTED', this.wrap(foreignVerbs.join(', '))),
      'tcompose COMMAND --help tells more.',
    ];
    return `${parts.join('\n\n')}\n`;
  }

  generateGroup(first: string): string {
    const listed = Object.entries(verbs).filter(([verb]) => verb.startsWith(`${first} `));
    const parts = [
      this.section('USAGE', `$ tcompose ${first} COMMAND [FLAGS]`),
      this.section('COMMANDS', this.list(listed.map(([verb, entry]) => [verb, entry.summary]))),
      `tcompose ${first} COMMAND --help tells more.`,
    ];
    return `${parts.join('\n\n')}\n`;
  }

  private list(rows: readonly (readonly [string, string])[]): string {
    return this.renderList(
      rows.map((row) => [...row]),
      { indentation: 2, stripAnsi: this.opts.stripAnsi },
    );
  }

  // Part of the base class's contract; `generate` is what is used.
  async showHelp(): Promise<void> {}
  async showCommandHelp(): Promise<void> {}
}

function options(): HelpOptions {
  return { stripAnsi: !process.stdout.isTTY };
}
