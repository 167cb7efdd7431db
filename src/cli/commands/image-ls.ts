import { imageLs } from '../../app/image/ls.ts';
import { renderImages } from '../../ui/image/image-list.ts';
import { defineCommand } from '../command.ts';
import { parseFilters, parseTruth } from '../filter.ts';
import { imageFormatFlag, truncationFlag } from '../image-flags.ts';

export const command = defineCommand({
  operands: '[REPOSITORY[:TAG]]',
  operandCount: { max: 1 },
  examples: [
    { text: 'What is here', line: 'image ls' },
    { text: 'Images that have no name any more', line: 'image ls --filter dangling=true' },
    { text: 'For a script', line: "image ls --format '{{.Repository}}:{{.Tag}}'" },
  ],
  flags: {
    all: { type: 'boolean', char: 'a', hidden: true, summary: 'Accepted: no image is hidden here' },
    digests: { type: 'boolean', summary: 'Show digests' },
    filter: {
      type: 'list',
      char: 'f',
      value: 'KEY=VALUE',
      summary: 'Show only these: dangling, label, reference, before and since (an image), until (a time)',
    },
    ...imageFormatFlag,
    ...truncationFlag,
    quiet: { type: 'boolean', char: 'q', summary: 'Ids only' },
  },
  async run({ flags, operands, session }) {
    const keys = ['dangling', 'label', 'reference', 'before', 'since', 'until'] as const;
    const filters = parseFilters(flags.filter, keys);
    const references = [...filters.reference, ...operands];
    const images = await imageLs(session.context, {
      before: filters.before,
      since: filters.since,
      until: filters.until.at(-1),
      dangling: parseTruth('dangling', filters.dangling),
      labels: filters.label,
      references: references.length === 0 ? undefined : references,
      digests: flags.digests,
    });
    const { format, digests, quiet, 'no-trunc': noTrunc } = flags;
    session.print(renderImages(images, { format, digests, quiet, noTrunc, now: Date.now() }));
    return 0;
  },
});
