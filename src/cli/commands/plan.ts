import { type PlanFormat, plan } from '../../app/plan.ts';
import { defineCommand } from '../command.ts';
import { changesExitCode } from '../exit-code.ts';
import { toImageChoice, toUpOptions, upFlags } from '../up-flags.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'What would up do, and why?', line: 'plan' },
    { text: 'For a script: exit code 100 if anything would change', line: 'plan --detailed-exitcode' },
  ],
  flags: {
    ...upFlags,
    format: {
      type: 'string',
      value: 'FORMAT',
      options: ['text', 'steps', 'json'],
      default: 'text',
      summary: 'text, steps (one line per operation) or json',
    },
    'detailed-exitcode': { type: 'boolean', summary: 'Exit with 100 if there is something to do' },
  },
  async run({ flags, operands, session }) {
    const decided = await plan(session.context, toUpOptions(flags, operands), toImageChoice(flags));
    await session.showPlan(decided, flags.format as PlanFormat);
    return flags['detailed-exitcode'] && decided.nodes.length > 0 ? changesExitCode : 0;
  },
});
