import { isExact } from '../../app/image/name.ts';
import { imagePush, listLocalTags } from '../../app/image/push.ts';
import { renderPushed } from '../../ui/image/image-results.ts';
import { defineCommand } from '../command.ts';
import { platformFlag } from '../image-flags.ts';

export const command = defineCommand({
  operands: 'NAME[:TAG]',
  operandCount: { min: 1, max: 1 },
  examples: [
    { text: 'To a private registry', line: 'image push localhost:5000/team/app:1.2' },
    { text: 'All tags that are here', line: 'image push -a localhost:5000/team/app' },
  ],
  flags: {
    'all-tags': { type: 'boolean', char: 'a', summary: 'All tags of the repository that are here' },
    'disable-content-trust': {
      type: 'boolean',
      default: true,
      hidden: true,
      summary: 'Accepted, as Docker does',
    },
    ...platformFlag,
    quiet: { type: 'boolean', char: 'q', summary: 'Print the name only' },
  },
  async run({ flags, operands: [name = ''], session }) {
    const { quiet, platform } = flags;
    const isImplied = !flags['all-tags'] && !isExact(name);
    if (isImplied && !quiet) session.print('Using default tag: latest\n');
    const references = flags['all-tags'] ? await listLocalTags(session.context, name) : [name];
    for (const reference of references) {
      const pushed = await imagePush(session.context, reference, { quiet, platform });
      session.print(pushed === undefined ? `would push ${reference}\n` : renderPushed(pushed, { quiet }));
    }
    return 0;
  },
});
