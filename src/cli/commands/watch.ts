import { watch } from '../../app/watch/watch.ts';
import { defineCommand } from '../command.ts';
import { showWatch } from '../watch-output.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Build and start the project, and follow its sources', line: 'watch' },
    { text: 'Follow one service of what runs already', line: 'watch --no-up web' },
  ],
  flags: {
    'no-up': { type: 'boolean', summary: 'Do not build and start the services first' },
    prune: {
      type: 'boolean',
      default: true,
      summary: 'Remove images that a rebuild replaces (default; --prune=false keeps them)',
    },
    quiet: { type: 'boolean', summary: 'Build and pull without output' },
  },
  async run({ flags, operands, session }) {
    if (flags.quiet) session.display.hideBuilds();
    const outcome = await watch(session.context, {
      services: operands,
      up: !flags['no-up'],
      prune: flags.prune,
      quiet: flags.quiet,
      on: showWatch(session),
    });
    return outcome === undefined ? 0 : session.conclude(outcome);
  },
});
