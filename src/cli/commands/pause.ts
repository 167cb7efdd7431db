import { pause } from '../../app/pause.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [{ text: 'Freeze one service', line: 'pause web' }],
  flags: {},
  run: async ({ operands, session }) =>
    session.conclude(await pause(session.context, { services: operands })),
});
