import { up } from '../../app/up.ts';
import { defineCommand } from '../command.ts';
import { reconcileConflicts, reconcileFlags, toImageChoice, toUpOptions } from '../up-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [{ text: 'Make the containers, and start them later', line: 'create' }],
  flags: { ...reconcileFlags },
  conflicts: [...reconcileConflicts],
  run: async ({ flags, operands, session }) =>
    session.conclude(
      await up(session.context, {
        verb: 'create',
        options: { ...toUpOptions(flags, operands), noStart: true },
        images: toImageChoice(flags),
      }),
    ),
});
