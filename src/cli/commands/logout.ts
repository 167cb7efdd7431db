import { parseRegistryHost } from '../../app/registry/host.ts';
import { logout } from '../../app/registry/logout.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '[HOST]',
  operandCount: { max: 1 },
  examples: [{ text: 'Forget the credentials of a registry', line: 'logout ghcr.io' }],
  flags: {},
  async run({ operands, session }) {
    const host = parseRegistryHost(operands[0]);
    const wasKept = await logout(session.context, host);
    session.print(wasKept ? `Removed the credentials for ${host}\n` : `Not logged in to ${host}\n`);
    return 0;
  },
});
