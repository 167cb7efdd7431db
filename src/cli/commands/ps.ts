import { ps } from '../../app/ps.ts';
import { renderContainers } from '../../ui/container/container-list.ts';
import { defineCommand } from '../command.ts';
import { parseStates } from '../filter.ts';
import { formatFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'What runs', line: 'ps' },
    { text: 'Stopped ones too, for a program', line: 'ps -a --format json' },
  ],
  flags: {
    all: { type: 'boolean', char: 'a', summary: 'Show stopped containers too, and those of run' },
    filter: { type: 'list', value: 'status=STATE', summary: 'Show containers in this state only' },
    ...formatFlag,
    'no-trunc': { type: 'boolean', summary: 'Whole ids and commands' },
    orphans: { type: 'boolean', default: true, summary: 'Show containers too that the files do not have' },
    quiet: { type: 'boolean', char: 'q', summary: 'Ids only' },
    services: { type: 'boolean', summary: 'Names of services only' },
    status: { type: 'list', value: 'STATE', summary: 'Show containers in this state only' },
  },
  async run({ flags, operands, session }) {
    const containers = await ps(session.context, {
      services: operands,
      all: flags.all,
      orphans: flags.orphans,
      states: parseStates(flags.status, flags.filter),
    });
    session.print(
      renderContainers(containers, {
        format: flags.format,
        noTrunc: flags['no-trunc'],
        quiet: flags.quiet,
        services: flags.services,
        now: Date.now(),
      }),
    );
    return 0;
  },
});
