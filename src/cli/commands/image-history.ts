import { imageHistory } from '../../app/image/history.ts';
import { renderHistory } from '../../ui/image/image-history.ts';
import { defineCommand } from '../command.ts';
import { imageFormatFlag, platformFlag, truncationFlag } from '../image-flags.ts';

export const command = defineCommand({
  operands: 'IMAGE',
  operandCount: { min: 1, max: 1 },
  examples: [
    { text: 'How it was made, newest step first', line: 'image history mysql:8' },
    { text: 'With whole command lines', line: 'image history --no-trunc mysql:8' },
  ],
  flags: {
    ...imageFormatFlag,
    human: {
      type: 'boolean',
      char: 'H',
      default: true,
      summary: 'Ages and sizes in words; --human=false: not',
    },
    ...truncationFlag,
    ...platformFlag,
    quiet: { type: 'boolean', char: 'q', summary: 'Ids only' },
  },
  async run({ flags, operands: [image = ''], session }) {
    const steps = await imageHistory(session.context, image, flags.platform);
    const { format, human, quiet, 'no-trunc': noTrunc } = flags;
    session.print(renderHistory(steps, { format, human, quiet, noTrunc, now: Date.now() }));
    return 0;
  },
});
