// The output of `image history`.

import type { ImageStep } from '../../app/image/history.ts';
import { describeSize } from '../human-size.ts';
import { describeAge, formatGoTime } from '../human-time.ts';
import { type Listing, renderListing } from '../listing.ts';
import { ellipsize, hideControls } from '../printable.ts';
import { shortenId } from './image-list.ts';

export interface ImageHistoryOptions {
  readonly format?: string;
  /** Ids only. */
  readonly quiet?: boolean;
  readonly noTrunc?: boolean;
  /** Ages and sizes in words. */
  readonly human: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface StepView {
  readonly Comment: string;
  readonly CreatedAt: string;
  readonly CreatedBy: string;
  readonly CreatedSince: string;
  readonly ID: string;
  readonly Size: string;
}

export function renderHistory(steps: readonly ImageStep[], options: ImageHistoryOptions): string {
  const rows = steps.map((step) => viewStep(step, options));
  if (options.quiet) return rows.map((row) => `${row.ID}\n`).join('');
  const listing: Listing<StepView> = {
    rows,
    columns: [
      { header: 'IMAGE', cell: (row) => row.ID },
      {
        header: options.human ? 'CREATED' : 'CREATED AT',
        cell: (row) => (options.human ? row.CreatedSince : row.CreatedAt),
      },
      { header: 'CREATED BY', cell: (row) => row.CreatedBy },
      { header: 'SIZE', cell: (row) => row.Size },
      { header: 'COMMENT', cell: (row) => row.Comment },
    ],
    headers: {
      Comment: 'COMMENT',
      CreatedAt: 'CREATED AT',
      CreatedBy: 'CREATED BY',
      CreatedSince: 'CREATED',
      ID: 'IMAGE',
      Size: 'SIZE',
    },
    json: 'lines',
  };
  return renderListing(listing, options.format);
}

const widestCommand = 45;

function viewStep(step: ImageStep, { human, noTrunc, now }: ImageHistoryOptions): StepView {
  const { comment, created, imageId, size } = step;
  const createdBy = hideControls(step.createdBy.replaceAll('\t', ' '));
  const shortId = imageId === undefined ? '<missing>' : shortenId(imageId);
  return {
    Comment: hideControls(comment),
    CreatedAt: describeTime(created, human),
    CreatedBy: noTrunc ? createdBy : ellipsize(createdBy, widestCommand),
    CreatedSince: created === undefined ? 'N/A' : describeAge(created, now),
    ID: noTrunc && imageId !== undefined ? imageId : shortId,
    Size: human ? describeSize(size) : String(size),
  };
}

function describeTime(created: string | undefined, human: boolean): string {
  if (created === undefined) return 'N/A';
  return human ? formatGoTime(created) : created;
}
