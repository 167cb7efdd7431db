import { down } from '../../app/down.ts';
import { defineCommand } from '../command.ts';
import { timeoutFlag, toNanoseconds } from '../shared-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Stop and remove the project, keeping its volumes', line: 'down' },
    { text: 'Remove its volumes too', line: 'down -v' },
    { text: 'Remove its images too', line: 'down --rmi all' },
  ],
  flags: {
    'remove-orphans': {
      type: 'boolean',
      env: 'COMPOSE_REMOVE_ORPHANS',
      summary: 'Remove containers too of services that the files no longer have',
    },
    rmi: {
      type: 'string',
      value: 'WHICH',
      options: ['local', 'all'],
      summary: 'Remove images too: all that services use, or those that were built without a name',
    },
    ...timeoutFlag,
    volumes: {
      type: 'boolean',
      char: 'v',
      aliases: ['volume'],
      summary: 'Remove named volumes of the files, and anonymous ones',
    },
  },
  run: async ({ flags, operands, session }) =>
    session.conclude(
      await down(session.context, {
        services: operands,
        images: flags.rmi as 'all' | 'local' | undefined,
        volumes: flags.volumes,
        removeOrphans: flags['remove-orphans'],
        timeout: toNanoseconds(flags.timeout),
      }),
    ),
});
