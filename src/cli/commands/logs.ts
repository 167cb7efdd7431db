import { logs } from '../../app/logs.ts';
import { usageError } from '../argv.ts';
import { defineCommand } from '../command.ts';
import { interruptedExitCode } from '../exit-code.ts';
import { indexFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Follow one service, from its last ten lines on', line: 'logs -f --tail 10 web' },
    { text: 'The last five minutes of all', line: 'logs --since 5m' },
  ],
  flags: {
    follow: { type: 'boolean', char: 'f', summary: 'Go on with what comes' },
    ...indexFlag,
    latest: {
      type: 'boolean',
      char: 'l',
      hidden: true,
      summary: 'The newest container; of podman-compose',
      refused: { why: 'it is about all of podman', instead: 'name a service, and a replica with --index' },
    },
    names: { type: 'boolean', hidden: true, summary: 'With the names of containers, which is the default' },
    'no-color': { type: 'boolean', summary: 'Without colours' },
    'no-log-prefix': { type: 'boolean', summary: 'Without the names of containers' },
    since: { type: 'string', value: 'TIME', summary: 'From this time on: 2026-01-31T13:23:37Z, or 42m ago' },
    until: { type: 'string', value: 'TIME', summary: 'Up to this time' },
    tail: { type: 'string', char: 'n', value: 'N', default: 'all', summary: 'Last lines of each container' },
    timestamps: { type: 'boolean', char: 't', summary: 'With the time of each line' },
  },
  async run({ flags, operands, session }) {
    session.display.showOutput({
      color: !flags['no-color'],
      prefix: !flags['no-log-prefix'],
      timestamps: flags.timestamps,
    });
    await logs(session.context, {
      services: operands,
      index: flags.index,
      follow: flags.follow,
      tail: parseTail(flags.tail),
      since: flags.since,
      until: flags.until,
    });
    return session.context.interrupted.aborted ? interruptedExitCode : 0;
  },
});

function parseTail(text: string): number | 'all' {
  // Docker takes whatever is below nothing for everything.
  if (text === 'all' || /^-\d+$/.test(text)) return 'all';
  if (/^\d+$/.test(text)) return Number(text);
  throw usageError(`--tail: "${text}" is neither a number of lines nor "all"`);
}
