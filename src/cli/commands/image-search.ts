import { imageSearch } from '../../app/image/search.ts';
import { renderFound } from '../../ui/image/repository-list.ts';
import { usageError } from '../argv.ts';
import { defineCommand } from '../command.ts';
import { parseFilters, parseTruth } from '../filter.ts';
import { imageFormatFlag, truncationFlag } from '../image-flags.ts';

const defaultLimit = 25;
const highestLimit = 100;

export const command = defineCommand({
  operands: '[HOST/]TERM',
  operandCount: { min: 1, max: 1 },
  examples: [
    { text: "At Docker's Hub", line: 'image search --filter is-official=true postgres' },
    { text: 'In a private registry', line: 'image search registry.lan:5000/app' },
  ],
  flags: {
    filter: {
      type: 'list',
      char: 'f',
      value: 'KEY=VALUE',
      summary: 'Show only these: is-official (true or false), stars (at least)',
    },
    ...imageFormatFlag,
    limit: {
      type: 'integer',
      value: 'N',
      min: 1,
      summary: `How many at most, up to ${highestLimit} (default: ${defaultLimit})`,
    },
    ...truncationFlag,
  },
  async run({ flags, operands: [term = ''], session }) {
    const { limit = defaultLimit } = flags;
    if (limit > highestLimit) throw usageError(`--limit: ${limit} is more than ${highestLimit}`);
    const filters = parseFilters(flags.filter, ['is-official', 'stars']);
    const stars = Number(filters.stars.at(-1) ?? 0);
    if (!Number.isSafeInteger(stars)) throw usageError('--filter: stars is a whole number');
    const isOfficial = parseTruth('is-official', filters['is-official']);
    const found = await imageSearch(session.context, term, { limit, isOfficial, stars });
    session.print(renderFound(found, { format: flags.format, noTrunc: flags['no-trunc'] }));
    return 0;
  },
});
