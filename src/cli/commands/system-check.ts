import { systemCheck } from '../../app/system-check.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [
    { text: 'Is anything out of order?', line: 'system check' },
    { text: 'Mend it', line: 'system check --repair' },
  ],
  flags: { repair: { type: 'boolean', summary: 'Mend what is found' } },
  async run({ flags, session }) {
    const findings = await systemCheck(session.context, { repair: flags.repair });
    for (const { what, why, repaired } of findings) {
      session.print(`${repaired ? 'repaired' : 'found'}: ${what}: ${why}\n`);
    }
    if (findings.length === 0) session.print('disk and kernel agree\n');
    return findings.some((finding) => !finding.repaired) ? 1 : 0;
  },
});
