import { scale } from '../../app/scale.ts';
import { defineCommand } from '../command.ts';
import { timeoutFlag, toNanoseconds } from '../shared-flags.ts';
import { parseScale } from '../up-flags.ts';

export const command = defineCommand({
  operands: 'SERVICE=N...',
  operandCount: { min: 1 },
  examples: [{ text: 'Five replicas of one service, two of another', line: 'scale web=5 worker=2' }],
  flags: {
    'no-deps': { type: 'boolean', summary: 'Leave linked services alone' },
    timeout: { ...timeoutFlag.timeout, hidden: true },
  },
  run: async ({ flags, operands, session }) =>
    session.conclude(
      await scale(session.context, parseScale(operands), {
        noDeps: flags['no-deps'],
        timeout: toNanoseconds(flags.timeout),
      }),
    ),
});
