import { commitService } from '../../app/container/commit.ts';
import { defineCommand } from '../command.ts';
import { commitFlags } from '../image-flags.ts';
import { indexFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: 'SERVICE [NAME[:TAG]]',
  operandCount: { min: 1, max: 2 },
  examples: [{ text: "What a service's container has changed, as an image", line: 'commit db db:seeded' }],
  flags: {
    ...commitFlags,
    ...indexFlag,
    pause: {
      type: 'boolean',
      char: 'p',
      default: true,
      summary: 'Freeze the container meanwhile; --pause=false: not',
    },
  },
  async run({ flags, operands: [service = '', reference], session }) {
    const { author, change: changes, index, message, pause } = flags;
    const options = { author, changes, message, pause, reference };
    const { container, image } = await commitService(session.context, { service, index }, options);
    session.print(image === undefined ? `would commit ${container.name}\n` : `${image.imageId}\n`);
    return 0;
  },
});
