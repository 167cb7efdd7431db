import { exportContainer } from '../../app/container/export.ts';
import { requireByteOutput } from '../byte-output.ts';
import { defineCommand } from '../command.ts';
import { outputFlag } from '../image-flags.ts';
import { writeExport } from '../write-export.ts';

export const command = defineCommand({
  operands: 'CONTAINER',
  operandCount: { min: 1, max: 1 },
  examples: [
    { text: 'The files of a container, without its mounts', line: 'container export -o web.tar shop-web-1' },
  ],
  flags: outputFlag,
  async run({ flags, operands: [name = ''], session }) {
    if (!session.context.dryRun) requireByteOutput(flags.output);
    return writeExport(session, await exportContainer(session.context, name), flags.output);
  },
});
