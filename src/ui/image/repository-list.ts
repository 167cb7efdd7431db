// The output of `image search`, `registry ls` and `registry tags`.

import type { FoundRepository } from '../../engine/ports.ts';
import { type Listing, renderListing } from '../listing.ts';
import { ellipsize, hideControls } from '../printable.ts';

interface FoundView {
  readonly Description: string;
  readonly IsAutomated: 'false';
  readonly IsOfficial: string;
  readonly Name: string;
  readonly StarCount: string;
}

const widestDescription = 45;

export function renderFound(
  found: readonly FoundRepository[],
  { format, noTrunc }: { readonly format?: string; readonly noTrunc?: boolean },
): string {
  const rows = found.map(({ description, isOfficial, name, stars }): FoundView => {
    const text = hideControls(description.replace(/\s+/g, ' '));
    return {
      Description: noTrunc ? text : ellipsize(text, widestDescription),
      // Docker has not told for years; scripts still ask.
      IsAutomated: 'false',
      IsOfficial: String(isOfficial),
      Name: hideControls(name),
      StarCount: String(stars),
    };
  });
  const listing: Listing<FoundView> = {
    rows,
    columns: [
      { header: 'NAME', cell: (row) => row.Name },
      { header: 'DESCRIPTION', cell: (row) => row.Description },
      { header: 'STARS', cell: (row) => row.StarCount },
      { header: 'OFFICIAL', cell: (row) => (row.IsOfficial === 'true' ? '[OK]' : '') },
    ],
    headers: {
      Description: 'DESCRIPTION',
      IsAutomated: 'AUTOMATED',
      IsOfficial: 'OFFICIAL',
      Name: 'NAME',
      StarCount: 'STARS',
    },
    json: 'lines',
  };
  return renderListing(listing, format);
}

/** `field`: what the names are of, `Repository` or `Tag`. */
export function renderNames(
  names: readonly string[],
  field: string,
  { format, quiet }: { readonly format?: string; readonly quiet?: boolean },
): string {
  const rows = names.map((name): Record<string, string> => ({ [field]: hideControls(name) }));
  if (quiet) return rows.map((row) => `${row[field]}\n`).join('');
  const header = field.toUpperCase();
  const columns = [{ header, cell: (row: Record<string, string>) => row[field] ?? '' }];
  return renderListing({ rows, columns, headers: { [field]: header }, json: 'lines' }, format);
}
