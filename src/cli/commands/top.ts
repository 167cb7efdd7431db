import { top } from '../../app/top.ts';
import { renderProcesses } from '../../ui/process-list.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [{ text: 'What runs in one service', line: 'top web' }],
  flags: {},
  async run({ operands, session }) {
    session.print(renderProcesses(await top(session.context, operands), Date.now()));
    return 0;
  },
});
