import { registryRm } from '../../app/registry/rm.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../confirm.ts';

export const command = defineCommand({
  operands: 'NAME[:TAG|@DIGEST]...',
  operandCount: { min: 1 },
  examples: [
    {
      text: 'An image, and with it all tags that stand for the same one',
      line: 'registry rm localhost:5000/team/app:1.2',
    },
  ],
  flags: { force: { type: 'boolean', char: 'f', summary: 'Do not ask' } },
  async run({ flags, operands, session }) {
    const what = `${operands.join(', ')}, with all tags that stand for the same image`;
    const removed = await registryRm(session.context, operands, () =>
      flags.force ? Promise.resolve(true) : confirm(`Going to remove ${what}`),
    );
    if (session.context.dryRun) session.print(`would remove ${what}\n`);
    session.print(
      (removed?.done ?? []).map((each) => `Deleted: ${each.reference}: ${each.digest}\n`).join(''),
    );
    if (removed?.failure !== undefined) throw removed.failure;
    return 0;
  },
});
