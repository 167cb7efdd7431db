import { kill } from '../../app/kill.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Kill every container of the project', line: 'kill' },
    { text: 'Let a service reload its configuration', line: 'kill -s SIGHUP web' },
  ],
  flags: {
    all: { type: 'boolean', char: 'a', hidden: true, summary: 'All services, which is the default' },
    signal: { type: 'string', char: 's', value: 'SIGNAL', default: 'SIGKILL', summary: 'Signal to send' },
    'remove-orphans': {
      type: 'boolean',
      env: 'COMPOSE_REMOVE_ORPHANS',
      summary: 'Kill containers too of services that the files no longer have',
    },
  },
  run: async ({ flags, operands, session }) =>
    session.conclude(
      await kill(session.context, {
        services: operands,
        signal: flags.signal,
        removeOrphans: flags['remove-orphans'],
      }),
    ),
});
