import { imageLoad } from '../../app/image/load.ts';
import { renderLoaded } from '../../ui/image/image-results.ts';
import { requireByteInput } from '../byte-input.ts';
import { defineCommand } from '../command.ts';
import { platformFlag } from '../image-flags.ts';

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [
    { text: 'From a file that docker, podman or skopeo wrote', line: 'image load -i app.tar.gz' },
    { text: 'From another machine', line: 'image load < app.tar' },
  ],
  flags: {
    input: {
      type: 'string',
      char: 'i',
      value: 'FILE',
      summary: 'An archive, or the directory of an OCI image layout (default: standard input)',
    },
    ...platformFlag,
    quiet: { type: 'boolean', char: 'q', summary: 'No progress' },
  },
  async run({ flags: { input, platform, quiet }, session }) {
    const source = input ?? requireByteInput('name a file with --input, or redirect one here');
    const loaded = await imageLoad(session.context, source, { platform, quiet });
    session.print(loaded === undefined ? `would load ${input ?? 'standard input'}\n` : renderLoaded(loaded));
    return 0;
  },
});
