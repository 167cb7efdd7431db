import { builderPrune } from '../../app/builder-prune.ts';
import { parseBytes } from '../../base/units.ts';
import { renderPrunedCache } from '../../ui/image/image-results.ts';
import { usageError } from '../argv.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { parseFilters } from '../filter.ts';

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [
    { text: 'What no image is made of, after a question', line: 'builder prune' },
    { text: 'All that was not used for two days', line: 'builder prune -af --filter until=48h' },
    { text: 'All but the two gigabytes that were used last', line: 'builder prune -af --keep-storage 2g' },
  ],
  flags: {
    all: {
      type: 'boolean',
      char: 'a',
      summary: 'Steps that images are made of too, and the caches of commands',
    },
    filter: { type: 'list', value: 'KEY=VALUE', summary: 'Only these: until (a time, or how long ago)' },
    force: { type: 'boolean', char: 'f', summary: 'Do not ask' },
    'keep-storage': {
      type: 'string',
      value: 'BYTES',
      aliases: ['max-used-space'],
      summary: 'What was used last stays, up to so much',
    },
  },
  async run({ flags, session }) {
    const filters = parseFilters(flags.filter, ['until']);
    const keep = readSize(flags['keep-storage']);
    const which = flags.all ? 'all steps of builds' : 'all steps of builds that no image is made of';
    const pruned = await builderPrune(
      session.context,
      { all: flags.all, until: filters.until.at(-1), ...(keep !== undefined && { keep }) },
      () => (flags.force ? Promise.resolve(true) : confirm(`Going to remove ${which}`)),
    );
    if (pruned !== undefined) session.print(renderPrunedCache(pruned, session.context.dryRun));
    return 0;
  },
});

function readSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const size = parseBytes(text);
  if (size === undefined) throw usageError(`--keep-storage: "${text}" is not a size`, ['write 512m or 2g']);
  return size;
}
