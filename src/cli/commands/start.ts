import { start } from '../../app/start.ts';
import { defineCommand } from '../command.ts';
import { toNanoseconds, waitFlags } from '../shared-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Start what was stopped', line: 'start' },
    { text: 'Start one service and wait until it is healthy', line: 'start --wait web' },
  ],
  flags: { ...waitFlags },
  run: async ({ flags, operands, session }) =>
    session.conclude(
      await start(session.context, {
        services: operands,
        wait: flags.wait,
        waitTimeout: toNanoseconds(flags['wait-timeout']),
      }),
    ),
});
