// The output of `config --variables`. JSON and YAML are Docker Compose's: by name, with the names of its Go fields.

import type { Variable } from '../project/uninterpolated.ts';
import { renderListing } from './listing.ts';

interface VariableView {
  readonly Name: string;
  readonly DefaultValue: string;
  readonly PresenceValue: string;
  readonly Required: boolean;
}

export function renderVariables(variables: readonly Variable[], format: string | undefined): string {
  const rows = variables.map(
    ({ alternateValue, defaultValue, name, required }): VariableView => ({
      Name: name,
      DefaultValue: defaultValue,
      PresenceValue: alternateValue,
      Required: required,
    }),
  );
  if (format === 'json') return `${JSON.stringify(byName(rows), null, 4)}\n`;
  return renderListing(
    {
      rows,
      columns: [
        { header: 'NAME', cell: (row) => row.Name },
        { header: 'REQUIRED', cell: (row) => String(row.Required) },
        { header: 'DEFAULT VALUE', cell: (row) => row.DefaultValue },
        { header: 'ALTERNATE VALUE', cell: (row) => row.PresenceValue },
      ],
      headers: {
        Name: 'NAME',
        Required: 'REQUIRED',
        DefaultValue: 'DEFAULT VALUE',
        PresenceValue: 'ALTERNATE VALUE',
      },
      json: 'array',
    },
    format,
  );
}

function byName(rows: readonly VariableView[]): object {
  return Object.fromEntries(rows.map((row) => [row.Name, row]));
}
