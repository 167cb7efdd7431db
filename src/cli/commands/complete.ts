import { serviceNames } from '../../app/service-names.ts';
import { defineCommand } from '../command.ts';

import { complete } from '../completion/complete.ts';
import { readFlags } from '../flag-values.ts';
import { globalFlags } from '../global-flags.ts';
import { Session } from '../session.ts';

export const command = defineCommand({
  operands: '[WORD...]',
  passthrough: true,
  examples: [],
  flags: {},
  async run({ operands, session }) {
    const { candidates, paths } = await complete(operands, (globals) =>
      serviceNames(new Session(readFlags(globalFlags, globals), session.environment).context),
    );
    if (paths !== undefined && candidates.length === 0) session.print(`:${paths}\n`);
    for (const { word, summary } of candidates) {
      session.print(summary === undefined ? `${word}\n` : `${word}\t${summary}\n`);
    }
    return 0;
  },
});
