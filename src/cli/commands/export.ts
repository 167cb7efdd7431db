import { exportService } from '../../app/container/export.ts';
import { requireByteOutput } from '../byte-output.ts';
import { defineCommand } from '../command.ts';
import { outputFlag } from '../image-flags.ts';
import { indexFlag } from '../shared-flags.ts';
import { writeExport } from '../write-export.ts';

export const command = defineCommand({
  operands: 'SERVICE',
  operandCount: { min: 1, max: 1 },
  examples: [
    { text: "The files of a service's container, without its mounts", line: 'export -o web.tar web' },
  ],
  flags: { ...indexFlag, ...outputFlag },
  async run({ flags, operands: [service = ''], session }) {
    if (!session.context.dryRun) requireByteOutput(flags.output);
    const { index, output } = flags;
    return writeExport(session, await exportService(session.context, { service, index }), output);
  },
});
