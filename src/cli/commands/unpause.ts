import { unpause } from '../../app/unpause.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [{ text: 'Let one service go on', line: 'unpause web' }],
  flags: {},
  run: async ({ operands, session }) =>
    session.conclude(await unpause(session.context, { services: operands })),
});
