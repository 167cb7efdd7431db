import { stop } from '../../app/stop.ts';
import { defineCommand } from '../command.ts';
import { timeoutFlag, toNanoseconds } from '../shared-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Stop the project', line: 'stop' },
    { text: 'Stop one service, killing it after 5 seconds', line: 'stop -t 5 web' },
  ],
  flags: { ...timeoutFlag },
  run: async ({ flags, operands, session }) =>
    session.conclude(
      await stop(session.context, { services: operands, timeout: toNanoseconds(flags.timeout) }),
    ),
});
