import { systemRestore } from '../../app/system-restore.ts';
import { defineCommand } from '../command.ts';
import { createReporter } from '../project-outcomes.ts';
import { toNanoseconds } from '../shared-flags.ts';

/** Seconds. */
const patience = 120;

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [
    { text: 'After a reboot: start what its restart policy brings back', line: 'system restore' },
    { text: 'What would come back?', line: 'system restore --dry-run' },
  ],
  flags: {
    'wait-timeout': {
      type: 'integer',
      value: 'SECONDS',
      min: 0,
      summary: `How long a container waits for what it depends on, to start then all the same (default: ${patience})`,
    },
  },
  async run({ flags, session }) {
    const reporter = createReporter(session, 'started');
    const outcomes = await systemRestore(
      session.context,
      { waitTimeout: toNanoseconds(flags['wait-timeout'] ?? patience) },
      {
        mended: (findings) => {
          for (const { what, why, repaired } of findings) {
            session.print(`${repaired ? 'repaired' : 'found'}: ${what}: ${why}\n`);
          }
        },
        project: reporter.show,
      },
    );
    return reporter.conclude(outcomes);
  },
});
