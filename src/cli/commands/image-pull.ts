import { isExact } from '../../app/image/name.ts';
import { imagePull, listRemoteTags } from '../../app/image/pull.ts';
import { renderPulled } from '../../ui/image/image-results.ts';
import { defineCommand } from '../command.ts';
import { platformFlag } from '../image-flags.ts';

export const command = defineCommand({
  operands: 'NAME[:TAG|@DIGEST]',
  operandCount: { min: 1, max: 1 },
  examples: [
    { text: "From Docker's Hub", line: 'image pull mysql:8' },
    {
      text: 'From a private registry, for another kind of machine',
      line: 'image pull --platform linux/arm64 registry.lan:5000/app',
    },
  ],
  flags: {
    'all-tags': { type: 'boolean', char: 'a', summary: 'All that the repository has' },
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
    const references = flags['all-tags'] ? await listRemoteTags(session.context, name) : [name];
    for (const reference of references) {
      const pulled = await imagePull(session.context, reference, { platform, quiet });
      session.print(pulled === undefined ? `would pull ${reference}\n` : renderPulled(pulled, { quiet }));
    }
    return 0;
  },
});
