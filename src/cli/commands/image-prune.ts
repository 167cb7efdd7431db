import { imagePrune } from '../../app/image/prune.ts';
import { renderPruned } from '../../ui/image/image-results.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { parseFilters } from '../filter.ts';

export const command = defineCommand({
  operands: '',
  operandCount: { max: 0 },
  examples: [
    { text: 'Images without a name, after a question', line: 'image prune' },
    {
      text: 'All that no container uses and that are older than ten days',
      line: 'image prune -af --filter until=240h',
    },
  ],
  flags: {
    all: { type: 'boolean', char: 'a', summary: 'Images with a name too, if no container uses them' },
    filter: {
      type: 'list',
      value: 'KEY=VALUE',
      summary: 'Remove only these: until (a time, or how long ago), label, label! (without it)',
    },
    force: { type: 'boolean', char: 'f', summary: 'Do not ask' },
  },
  async run({ flags, session }) {
    const filters = parseFilters(flags.filter, ['until', 'label', 'label!']);
    const labels = [...filters.label, ...filters['label!'].map((label) => `!${label}`)];
    const which = flags.all ? 'all images that no container uses' : 'all images without a name';
    const removed = await imagePrune(
      session.context,
      { all: flags.all, labels, until: filters.until.at(-1) },
      () => (flags.force ? Promise.resolve(true) : confirm(`Going to remove ${which}`)),
    );
    if (removed !== undefined) session.print(renderPruned(removed));
    return 0;
  },
});
