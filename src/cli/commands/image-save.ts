import { imageSave } from '../../app/image/save.ts';
import { requireByteOutput, writeBytes } from '../byte-output.ts';
import { defineCommand } from '../command.ts';
import { outputFlag, platformFlag } from '../image-flags.ts';

export const command = defineCommand({
  operands: 'IMAGE...',
  operandCount: { min: 1 },
  examples: [
    { text: 'For docker load, podman load or tcompose image load', line: 'image save -o app.tar app:1.2' },
    { text: 'Two images, compressed', line: 'image save app:1.2 mysql:8 | zstd > both.tar.zst' },
  ],
  flags: {
    format: {
      type: 'string',
      value: 'FORMAT',
      options: ['docker', 'oci', 'docker-archive', 'oci-archive'],
      default: 'docker',
      summary: 'docker: read by docker load of any age; oci: as it is stored, so that all digests stay',
    },
    ...outputFlag,
    ...platformFlag,
  },
  async run({ flags, operands, session }) {
    const { context } = session;
    if (!context.dryRun) requireByteOutput(flags.output);
    const format = flags.format.startsWith('oci') ? 'oci-archive' : 'docker-archive';
    const archive = await imageSave(context, operands, { format, platform: flags.platform });
    if (archive === undefined) session.print(`would save ${operands.join(', ')}\n`);
    else await writeBytes(archive, flags.output, context.interrupted);
    return 0;
  },
});
