import { uninstallService } from '../../app/system-service.ts';
import { defineCommand } from '../command.ts';
import { readServiceRequest, serviceFlags } from '../service-flags.ts';

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [{ text: 'Leave reboots to others again', line: 'system uninstall-service' }],
  flags: serviceFlags,
  async run({ flags, session }) {
    const { service, removed } = await uninstallService(session.context, readServiceRequest(flags));
    if (removed) session.print(`removed ${service.path}; what runs goes on\n`);
    else
      session.print(
        session.context.dryRun ? `would remove ${service.path}\n` : `${service.path} does not exist\n`,
      );
    return 0;
  },
});
