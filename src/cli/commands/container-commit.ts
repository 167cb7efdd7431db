import { commitContainer } from '../../app/container/commit.ts';
import { defineCommand } from '../command.ts';
import { commitFlags } from '../image-flags.ts';

export const command = defineCommand({
  operands: 'CONTAINER [NAME[:TAG]]',
  operandCount: { min: 1, max: 2 },
  examples: [
    { text: 'What a container has changed, as an image', line: 'container commit shop-db-1 db:seeded' },
    { text: 'With another command', line: `container commit -c 'CMD ["sh"]' shop-db-1 db:debug` },
  ],
  flags: {
    ...commitFlags,
    pause: {
      type: 'boolean',
      char: 'p',
      default: true,
      summary: 'Freeze the container meanwhile; --pause=false: not',
    },
  },
  async run({ flags, operands: [name = '', reference], session }) {
    const { author, change: changes, message, pause } = flags;
    const options = { author, changes, message, pause, reference };
    const { container, image } = await commitContainer(session.context, name, options);
    session.print(image === undefined ? `would commit ${container.name}\n` : `${image.imageId}\n`);
    return 0;
  },
});
