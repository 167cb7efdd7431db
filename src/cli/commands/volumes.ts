import { volumes } from '../../app/volumes.ts';
import { renderVolumes } from '../../ui/project-list.ts';
import { defineCommand } from '../command.ts';
import { formatFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [{ text: 'The volumes that one service uses', line: 'volumes db' }],
  flags: {
    all: { type: 'boolean', char: 'a', summary: 'Anonymous volumes, too' },
    ...formatFlag,
    quiet: { type: 'boolean', char: 'q', summary: 'Names only' },
  },
  async run({ flags, operands, session }) {
    const found = await volumes(session.context, { services: operands, anonymous: flags.all });
    session.print(renderVolumes(found, { format: flags.format, quiet: flags.quiet }));
    return 0;
  },
});
