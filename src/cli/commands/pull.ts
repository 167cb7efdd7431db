import { pull } from '../../app/pull.ts';
import { defineCommand } from '../command.ts';
import { inParallelFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Get the newest images of the project', line: 'pull' },
    {
      text: 'Get what is missing for one service and what it needs',
      line: 'pull --policy missing --include-deps web',
    },
  ],
  flags: {
    'ignore-buildable': { type: 'boolean', summary: 'Leave out images that can be built' },
    'ignore-pull-failures': { type: 'boolean', summary: 'Pull what can be had; what cannot is a warning' },
    'force-local': {
      type: 'boolean',
      hidden: true,
      summary: 'Images that can be built, too, which is the default; of podman-compose',
    },
    'include-deps': { type: 'boolean', summary: 'Pull for the services that these depend on too' },
    policy: {
      type: 'string',
      value: 'POLICY',
      options: ['missing', 'always'],
      summary: "When to pull; goes before the services' own pull_policy",
    },
    quiet: { type: 'boolean', char: 'q', summary: 'Pull without progress' },
    ...inParallelFlag,
    'no-parallel': { type: 'boolean', hidden: true, summary: 'One image after the other' },
  },
  run: async ({ flags, operands, session }) => {
    const isSerial = flags['no-parallel'] || !flags['in-parallel'];
    return session.conclude(
      await pull(session.context, {
        services: operands,
        includeDependencies: flags['include-deps'],
        ignoreBuildable: flags['ignore-buildable'],
        ignoreFailures: flags['ignore-pull-failures'],
        policy: flags.policy as 'always' | 'missing' | undefined,
        quiet: flags.quiet,
        parallel: isSerial ? 1 : session.context.parallel,
      }),
    );
  },
});
