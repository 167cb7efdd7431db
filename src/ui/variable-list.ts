// The output of `config --variables`.

import type { Variable } from '../project/uninterpolated.ts';
import { renderListing } from './listing.ts';

interface VariableView {
  readonly Name: string;
  readonly Required: boolean;
  readonly DefaultValue: string;
  readonly AlternateValue: string;
}

export function renderVariables(variables: readonly Variable[], format: string | undefined): string {
  const rows = variables.map(
    ({ alternateValue, defaultValue, name, required }): VariableView => ({
      Name: name,
      Required: required,
      DefaultValue: defaultValue,
      AlternateValue: alternateValue,
    }),
  );
  return renderListing(
    {
      rows,
      columns: [
        { header: 'NAME', cell: (row) => row.Name },
        { header: 'REQUIRED', cell: (row) => String(row.Required) },
        { header: 'DEFAULT VALUE', cell: (row) => row.DefaultValue },
        { header: 'ALTERNATE VALUE', cell: (row) => row.AlternateValue },
      ],
      headers: {
        Name: 'NAME',
        Required: 'REQUIRED',
        DefaultValue: 'DEFAULT VALUE',
        AlternateValue: 'ALTERNATE VALUE',
      },
      json: 'array',
    },
    format,
  );
}
