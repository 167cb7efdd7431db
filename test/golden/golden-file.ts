// Golden files: an input, a line of ten dashes, the expected text. GOLDEN_UPDATE=1 writes what came out instead of
// comparing. A file without the line has no expectation yet and fails.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const here = dirname(fileURLToPath(import.meta.url));
const separator = '----------\n';

/** One test per file of `test/golden/<folder>`. */
export function testGoldenFiles(folder: string, produce: (input: string) => string | Promise<string>): void {
  const directory = join(here, folder);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files.filter((name) => name.endsWith('.golden'))) {
    it(file.replace(/\.golden$/, '').replaceAll('-', ' '), async () => {
      const path = join(directory, file);
      const [input = '', expected] = splitOnce(readFileSync(path, 'utf8'));
      const actual = await produce(input);
      if (process.env['GOLDEN_UPDATE'] === '1') writeFileSync(path, `${input}${separator}${actual}`);
      else expect(actual).toBe(expected);
    });
  }
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.startsWith(separator) ? 0 : text.indexOf(`\n${separator}`) + 1;
  if (at === 0 && !text.startsWith(separator)) return [text, undefined];
  return [text.slice(0, at), text.slice(at + separator.length)];
}
