// Tables as Docker prints them: columns aligned with spaces, no lines, the last column as long as it is.

export interface TableShape {
  /** A column is at least this wide, the gap included. Docker: 10, and 20 for `ls` and `images`. */
  readonly minimumWidth?: number;
}

const gap = 3;

/** Rows of equal length; the first is the header. Every line ends with a newline. */
export function renderTable(rows: readonly (readonly string[])[], shape: TableShape = {}): string {
  const { minimumWidth = 10 } = shape;
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => {
    const longest = Math.max(0, ...rows.map((row) => displayWidth(row[column] ?? '')));
    return Math.max(minimumWidth, longest + gap);
  });
  const renderRow = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : pad(cell, widths[column] ?? 0))).join('');
  return rows.map((row) => `${renderRow(row)}\n`).join('');
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Code points; escape sequences take no room. */
function displayWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return [...text.replace(/\u001b\[[0-9;]*m/g, '')].length;
}
