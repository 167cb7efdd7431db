import { imageTag } from '../../app/image/tag.ts';
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  operands: 'IMAGE NAME[:TAG]',
  operandCount: { min: 2, max: 2 },
  examples: [{ text: 'A name in a private registry', line: 'image tag app localhost:5000/team/app:1.2' }],
  flags: {},
  async run({ operands: [source = '', target = ''], session }) {
    const isDone = await imageTag(session.context, source, target);
    if (!isDone) session.print(`would tag ${source} as ${target}\n`);
    return 0;
  },
});
