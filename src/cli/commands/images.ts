import { images } from '../../app/images.ts';
import { renderContainerImages } from '../../ui/container/container-images.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [{ text: 'The image of one service, for a script', line: 'images -q web' }],
  flags: {
    format: {
      type: 'string',
      value: 'FORMAT',
      options: ['table', 'json'],
      default: 'table',
      summary: 'table or json',
    },
    quiet: { type: 'boolean', char: 'q', summary: 'Ids only' },
  },
  async run({ flags, operands, session }) {
    const found = await images(session.context, { services: operands });
    const format = flags.format as 'table' | 'json';
    session.print(renderContainerImages(found, { format, quiet: flags.quiet, now: Date.now() }));
    return 0;
  },
});
