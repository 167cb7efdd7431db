// The output of `image ls`.

import type { ImageLine } from '../../app/image/ls.ts';
import { describeSize } from '../human-size.ts';
import { describeAge, formatGoTime } from '../human-time.ts';
import { type Listing, renderListing } from '../listing.ts';

export interface ImageListOptions {
  readonly format?: string;
  /** Ids only. */
  readonly quiet?: boolean;
  readonly digests?: boolean;
  readonly noTrunc?: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Field names and order as Docker writes them; what would cost a walk through every layer is not told. */
interface ImageView {
  readonly Containers: 'N/A';
  readonly CreatedAt: string;
  readonly CreatedSince: string;
  readonly Digest: string;
  readonly ID: string;
  readonly Repository: string;
  readonly SharedSize: 'N/A';
  readonly Size: string;
  readonly Tag: string;
  readonly UniqueSize: 'N/A';
}

export function renderImages(images: readonly ImageLine[], options: ImageListOptions): string {
  const rows = images.map((image) => viewImage(image, options));
  if (options.quiet) return rows.map((row) => `${row.ID}\n`).join('');
  const digest = { header: 'DIGEST', cell: (row: ImageView) => row.Digest };
  const listing: Listing<ImageView> = {
    rows,
    columns: [
      { header: 'REPOSITORY', cell: (row) => row.Repository },
      { header: 'TAG', cell: (row) => row.Tag },
      ...(options.digests ? [digest] : []),
      { header: 'IMAGE ID', cell: (row) => row.ID },
      { header: 'CREATED', cell: (row) => row.CreatedSince },
      { header: 'SIZE', cell: (row) => row.Size },
    ],
    headers: {
      Containers: 'CONTAINERS',
      CreatedAt: 'CREATED AT',
      CreatedSince: 'CREATED',
      Digest: 'DIGEST',
      ID: 'IMAGE ID',
      Repository: 'REPOSITORY',
      SharedSize: 'SHARED SIZE',
      Size: 'SIZE',
      Tag: 'TAG',
      UniqueSize: 'UNIQUE SIZE',
    },
    json: 'lines',
  };
  return renderListing(listing, options.format);
}

function viewImage(image: ImageLine, { noTrunc, now }: ImageListOptions): ImageView {
  const { created, digest, id, repository = '<none>', size, tag = '<none>' } = image;
  return {
    Containers: 'N/A',
    CreatedAt: created === undefined ? 'N/A' : formatGoTime(created),
    CreatedSince: created === undefined ? 'N/A' : describeAge(created, now),
    Digest: digest,
    ID: noTrunc ? id : shortenId(id),
    Repository: repository,
    SharedSize: 'N/A',
    Size: describeSize(size),
    Tag: tag,
    UniqueSize: 'N/A',
  };
}

/** Twelve digits of it. */
export function shortenId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
