// --format of verbs that list things: a table, JSON, or a Go template, as Docker's formatters understand it.

import { TcError } from '../base/error.ts';
import { renderTable, type TableShape } from './table.ts';
import { compileTemplate, type TemplateData } from './template/evaluate.ts';

export interface Listing<Row extends object> {
  readonly rows: readonly Row[];
  /** Columns of the plain table: header and what stands below it. */
  readonly columns: readonly { readonly header: string; readonly cell: (row: Row) => string }[];
  /** Every field with its header in `table TEMPLATE`. */
  readonly headers: Readonly<Record<keyof Row & string, string>>;
  /** What templates can call beside: `{{.Label "tier"}}`. */
  readonly methods?: Readonly<Record<string, (row: Row) => (argument: string) => unknown>>;
  /** `lines`: one object per line (`ps`, `volumes`); `array`: one array (`ls`). */
  readonly json: 'lines' | 'array';
  readonly shape?: TableShape;
}

/**
 * `format` is empty or `table`, `json`, `json-array`, `table TEMPLATE` or a template. Every row ends with a newline;
 * JSON of no rows is no lines, or an empty array.
 */
export function renderListing<Row extends object>(listing: Listing<Row>, format: string | undefined): string {
  const { columns, rows, shape } = listing;
  if (format === undefined || format === '' || format === 'table') {
    const header = columns.map((column) => column.header);
    return renderTable([header, ...rows.map((row) => columns.map((column) => column.cell(row)))], shape);
  }
  if (format === 'json-array' || (format === 'json' && listing.json === 'array')) {
    return `${JSON.stringify(rows)}\n`;
  }
  if (format === 'json') return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return renderTemplate(listing, format);
}

function renderTemplate<Row extends object>(listing: Listing<Row>, format: string): string {
  // Shells hand `\t` over as two characters; Docker takes them for one.
  const text = format.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
  const isTable = text.startsWith('table ');
  const template = isTable ? text.slice('table '.length).trimStart() : text;
  if (!template.includes('{{')) throw unknownFormat(format);
  const render = compileTemplate(template);
  const lines = listing.rows.map((row) => render({ ...row, ...bindMethods(listing, row) }));
  if (!isTable) return lines.map((line) => `${line}\n`).join('');
  const cells = [render(headerData(listing)), ...lines].map((line) => line.split('\t'));
  return renderTable(cells, listing.shape);
}

function bindMethods<Row extends object>({ methods = {} }: Listing<Row>, row: Row): TemplateData {
  return Object.fromEntries(Object.entries(methods).map(([name, bind]) => [name, bind(row)]));
}

/** A method is headed by what it is asked for. */
function headerData<Row extends object>({ headers, methods = {} }: Listing<Row>): TemplateData {
  const called = Object.keys(methods).map((name) => [name, (argument: unknown) => argument]);
  return { ...headers, ...Object.fromEntries(called) };
}

function unknownFormat(format: string): TcError {
  return new TcError(`unknown format "${format}"`, {
    code: 'bad-format',
    exitCode: 2,
    hints: ['table, json, json-array, or a Go template such as "{{.Name}}"'],
  });
}
