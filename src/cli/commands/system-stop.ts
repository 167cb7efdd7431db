import { systemStop } from '../../app/system-stop.ts';
import { defineCommand } from '../command.ts';
import { createReporter } from '../project-outcomes.ts';

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [{ text: 'Before a shutdown: stop everything, so that it can come back', line: 'system stop' }],
  flags: {},
  async run({ session }) {
    const reporter = createReporter(session, 'stopped');
    return reporter.conclude(await systemStop(session.context, reporter.show));
  },
});
