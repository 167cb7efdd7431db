import { version } from '../../app/version.ts';
import { renderVersion } from '../../ui/project-list.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [
    { text: 'The number alone', line: 'version --short' },
    { text: 'For programs', line: 'version --format json' },
  ],
  flags: {
    format: {
      type: 'string',
      char: 'f',
      value: 'FORMAT',
      options: ['pretty', 'json'],
      default: 'pretty',
      summary: 'pretty or json',
    },
    short: { type: 'boolean', summary: 'The number alone' },
  },
  async run({ flags, session }) {
    session.print(renderVersion(version(), flags));
    return 0;
  },
});
