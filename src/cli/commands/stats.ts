import { stats } from '../../app/stats.ts';
import { renderUsage } from '../../ui/container/usage-list.ts';
import { isTerminal } from '../../ui/sink.ts';
import { defineCommand } from '../command.ts';
import { interruptedExitCode } from '../exit-code.ts';
import { formatFlag } from '../shared-flags.ts';

/** Cursor home, and clear what is below it. */
const redraw = '\u001b[H\u001b[J';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'What all containers use, again and again', line: 'stats' },
    { text: 'Once, for a program', line: 'stats --no-stream --format json' },
  ],
  flags: {
    all: { type: 'boolean', char: 'a', summary: 'Show containers too that do not run' },
    ...formatFlag,
    interval: {
      type: 'integer',
      char: 'i',
      value: 'SECONDS',
      min: 1,
      hidden: true,
      summary: 'Time between two looks',
    },
    'no-reset': { type: 'boolean', hidden: true, summary: 'Leave on the screen what was shown before' },
    'no-stream': { type: 'boolean', summary: 'Show it once' },
    'no-trunc': { type: 'boolean', summary: 'Whole ids' },
  },
  async run({ flags, operands, session }) {
    const follow = !flags['no-stream'];
    const screen = follow && isTerminal(1) && !flags['no-reset'] ? redraw : '';
    const options = { format: flags.format, noTrunc: flags['no-trunc'] };
    const wanted = { services: operands, all: flags.all, follow, interval: flags.interval };
    for await (const rows of stats(session.context, wanted)) {
      session.print(screen + renderUsage(rows, options));
    }
    return session.context.interrupted.aborted ? interruptedExitCode : 0;
  },
});
