import { once } from 'node:events';
import { copy } from '../../app/copy.ts';
import { defineCommand } from '../command.ts';
import { indexFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: 'SOURCE DESTINATION',
  operandCount: { min: 2, max: 2 },
  examples: [
    { text: 'From a container to the current directory', line: 'cp web:/etc/app.conf .' },
    { text: 'A tar archive of a directory', line: 'cp db:/var/lib/data - > data.tar' },
  ],
  flags: {
    all: { type: 'boolean', summary: 'To one-off containers of the service, too' },
    archive: { type: 'boolean', char: 'a', summary: 'Keep owners and special mode bits' },
    'follow-link': { type: 'boolean', char: 'L', summary: 'Copy what a link of SOURCE leads to' },
    ...indexFlag,
  },
  async run({ flags, operands, session }) {
    const [source = '', destination = ''] = operands;
    const { stdin, stdout } = process;
    await copy(session.context, {
      source,
      destination,
      index: flags.index,
      all: flags.all,
      archive: flags.archive,
      followLink: flags['follow-link'],
      input: source === '-' ? stdin : nothing(),
      async output(chunk) {
        if (!stdout.write(chunk)) await once(stdout, 'drain');
      },
      onCopy({ name }) {
        const what = session.context.dryRun ? 'would copy' : 'copies';
        if (destination !== '-') session.display.tell(`${name} ${what} ${source} to ${destination}\n`);
      },
    });
    return 0;
  },
});

async function* nothing(): AsyncGenerator<Uint8Array> {}
