import { parseRegistryHost } from '../../app/registry/host.ts';
import { registryLs } from '../../app/registry/ls.ts';
import { renderNames } from '../../ui/image/repository-list.ts';
import { defineCommand } from '../command.ts';
import { formatFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: 'HOST',
  operandCount: { min: 1, max: 1 },
  examples: [{ text: 'What a private registry has', line: 'registry ls localhost:5000' }],
  flags: {
    ...formatFlag,
    quiet: { type: 'boolean', char: 'q', summary: 'Names only' },
  },
  async run({ flags, operands, session }) {
    const names = await registryLs(session.context, parseRegistryHost(operands[0]));
    session.print(renderNames(names, 'Repository', flags));
    return 0;
  },
});
