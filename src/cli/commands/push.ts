import { push } from '../../app/push.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [{ text: 'Send the image that one service builds to its registry', line: 'push web' }],
  flags: {
    'ignore-push-failures': { type: 'boolean', summary: 'Push what can be pushed; what cannot is a warning' },
    'include-deps': { type: 'boolean', summary: 'Push for the services that these depend on too' },
    quiet: { type: 'boolean', char: 'q', summary: 'Push without progress' },
  },
  run: async ({ flags, operands, session }) =>
    session.conclude(
      await push(session.context, {
        services: operands,
        includeDependencies: flags['include-deps'],
        ignoreFailures: flags['ignore-push-failures'],
        quiet: flags.quiet,
      }),
    ),
});
