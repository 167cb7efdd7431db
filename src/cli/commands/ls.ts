import { ls } from '../../app/ls.ts';
import { renderProjects } from '../../ui/project-list.ts';
import { defineCommand } from '../command.ts';
import { parseNamePattern } from '../filter.ts';
import { formatFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [{ text: 'All projects, stopped ones too', line: 'ls -a' }],
  flags: {
    all: { type: 'boolean', char: 'a', summary: 'Show stopped projects too' },
    filter: { type: 'list', value: 'name=PATTERN', summary: 'Show projects of which the name matches' },
    ...formatFlag,
    quiet: { type: 'boolean', char: 'q', summary: 'Names only' },
  },
  async run({ flags, session }) {
    const projects = await ls(session.context, { all: flags.all, name: parseNamePattern(flags.filter) });
    session.print(renderProjects(projects, { format: flags.format, quiet: flags.quiet }));
    return 0;
  },
});
