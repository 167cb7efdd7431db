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
  run: async ({ flags, operands, session }) =>
    session.conclude(
      await rm(session.context, { services: operands, stop: flags.stop, volumes: flags.volumes }, (names) =>
        flags.force ? Promise.resolve(true) : confirm(`Going to remove ${names.join(', ')}`),
      ),
    ),
});
