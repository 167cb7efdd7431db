import { registryTags } from '../../app/registry/tags.ts';
import { renderNames } from '../../ui/image/repository-list.ts';
import { defineCommand } from '../command.ts';
import { formatFlag } from '../shared-flags.ts';

export const command = defineCommand({
  operands: 'REPOSITORY',
  operandCount: { min: 1, max: 1 },
  examples: [
    { text: 'Of a private registry', line: 'registry tags localhost:5000/team/app' },
    { text: "Of Docker's Hub", line: 'registry tags mysql' },
  ],
  flags: {
    ...formatFlag,
    quiet: { type: 'boolean', char: 'q', summary: 'Tags only' },
  },
  async run({ flags, operands: [repository = ''], session }) {
    const tags = await registryTags(session.context, repository);
    session.print(renderNames(tags, 'Tag', flags));
    return 0;
  },
});
