import { port } from '../../app/port.ts';
import { usageError } from '../argv.ts';
import { defineCommand } from '../command.ts';
import { indexFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: 'SERVICE PORT[/PROTOCOL]',
  operandCount: { min: 2, max: 2 },
  examples: [{ text: 'Where is port 80 of web?', line: 'port web 80' }],
  flags: {
    ...indexFlag,
    protocol: { type: 'string', value: 'PROTOCOL', default: 'tcp', summary: 'tcp or udp' },
  },
  async run({ flags, operands, session }) {
    const [service = '', text = ''] = operands;
    const [target, protocol = flags.protocol] = text.split('/');
    const found = await port(session.context, {
      service,
      target: parsePort(target ?? ''),
      protocol,
      index: flags.index,
    });
    session.print(`${formatAddress(found.address)}:${found.published}\n`);
    return 0;
  },
});

function parsePort(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 65_535) return value;
  throw usageError(`"${text}" is not a port: a number from 1 to 65535 is needed`);
}

function formatAddress(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
