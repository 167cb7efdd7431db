import { imageRm } from '../../app/image/rm.ts';
import { renderRemoved } from '../../ui/image/image-results.ts';
import { defineCommand } from '../command.ts';
import { platformFlag } from '../image-flags.ts';

export const command = defineCommand({
  operands: 'IMAGE...',
  operandCount: { min: 1 },
  examples: [
    { text: 'One name; the image goes with its last name', line: 'image rm mysql:5.7' },
    { text: 'An image with all its names', line: 'image rm -f 1f2e3d4c5b6a' },
  ],
  flags: {
    force: {
      type: 'boolean',
      char: 'f',
      summary: 'All names of an id, also if a stopped container uses it; what is not there is no error',
    },
    ...platformFlag,
    'no-prune': { type: 'boolean', summary: 'Leave the content on the disk until the next removal' },
  },
  async run({ flags, operands, session }) {
    const options = { force: flags.force, keepContent: flags['no-prune'], platform: flags.platform };
    const { done, failure } = await imageRm(session.context, operands, options);
    session.print(done.map(renderRemoved).join(''));
    if (failure !== undefined) throw failure;
    return 0;
  },
});
