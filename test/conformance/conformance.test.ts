// What Compose files mean, case by case: see the .cases files beside this one.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Case, formatCaseFile, parseCaseFile } from './case-file.ts';
import { runCase } from './run-case.ts';

const here = dirname(fileURLToPath(import.meta.url));
const isUpdate = process.env['GOLDEN_UPDATE'] !== undefined;

for (const name of readdirSync(here).filter((file) => file.endsWith('.cases'))) {
  const path = join(here, name);
  const file = parseCaseFile(readFileSync(path, 'utf8'));
  describe(name.replace('.cases', ''), () => {
    const titles = new Set<string>();
    for (const one of file.cases) {
      it(one.title, () => {
        expect(titles.has(one.title), 'titles are unique').toBe(false);
        titles.add(one.title);
        expect(hasOutput(one), 'a case says what comes out').toBe(true);
        if (!isUpdate) expect(runCase(one)).toEqual(one);
      });
    }
    if (isUpdate)
      it('writes what comes out', () =>
        writeFileSync(path, formatCaseFile({ ...file, cases: file.cases.map(runCase) })));
  });
}

function hasOutput(one: Case): boolean {
  return one.sections.some((section) => ['expect', 'error', 'warning'].includes(section.kind));
}
