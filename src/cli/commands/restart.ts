import { restart } from '../../app/restart.ts';
import { defineCommand } from '../command.ts';
import { timeoutFlag, toNanoseconds } from '../shared-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [{ text: 'Restart one service', line: 'restart web' }],
  flags: {
    ...timeoutFlag,
    'no-deps': { type: 'boolean', summary: 'Leave services alone that depend on them' },
  },
  run: async ({ flags, operands, session }) =>
    session.conclude(
      await restart(session.context, {
        services: operands,
        noDeps: flags['no-deps'],
        timeout: toNanoseconds(flags.timeout),
      }),
    ),
});
