import { rm } from '../../app/rm.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../confirm.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Remove stopped containers, after a question', line: 'rm' },
    { text: 'Stop and remove one service with its anonymous volumes', line: 'rm -fsv web' },
  ],
  flags: {
    force: { type: 'boolean', char: 'f', summary: 'Do not ask' },
    stop: { type: 'boolean', char: 's', summary: 'Stop containers first' },
    volumes: { type: 'boolean', char: 'v', summary: 'Remove anonymous volumes too' },
    all: {
      type: 'boolean',
      char: 'a',
      hidden: true,
      summary: 'Accepted and ignored, as Docker Compose does',
    },
  },
  async run({ flags, operands, session }) {
    const options = { services: operands, stop: flags.stop, volumes: flags.volumes };
    const outcome = await rm(session.context, options, async (names) => {
      const what = `Going to remove ${names.join(', ')}`;
      if (!flags.force && !session.context.yes) return confirm(what);
      session.print(`${what}\n`);
      return true;
    });
    return session.conclude(outcome);
  },
});
