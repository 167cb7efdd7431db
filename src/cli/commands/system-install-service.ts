import { installService } from '../../app/system-service.ts';
import { defineCommand } from '../command.ts';
import { readServiceRequest, serviceFlags } from '../service-flags.ts';

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [
    { text: 'Bring containers back after a reboot', line: 'system install-service --enable' },
    { text: 'Look at the unit first', line: 'system install-service --print' },
  ],
  flags: {
    ...serviceFlags,
    print: { type: 'boolean', summary: 'Print the file, and write nothing' },
    enable: { type: 'boolean', summary: 'Have it run at boot, too' },
  },
  conflicts: [{ flags: ['print'], with: ['enable'] }],
  async run({ flags, session }) {
    const { print, enable } = flags;
    const request = { ...readServiceRequest(flags), print, enable };
    const { service, outcome, enabled } = await installService(session.context, request);
    if (outcome === 'shown') session.print(service.text);
    else session.print(outcome === 'written' ? `wrote ${service.path}\n` : `${service.path} is up to date\n`);
    if (enabled) session.print(`it runs at boot from now on\n`);
    else if (outcome !== 'shown') {
      session.print(`to have it run at boot: ${service.enabling.join(' ')}\n`);
    }
    return 0;
  },
});
