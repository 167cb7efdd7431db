// Whether `tcompose config` means what `docker compose config` means: `npm run test:parity` finds one and runs this. Each
// case of test/conformance and of this directory goes through both; what differs is what differences.txt explains, no
// more and no less.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type CaseFile, parseCaseFile } from '../conformance/case-file.ts';
import { allViews, compareCase, wholeViews } from './compare.ts';
import { parseKnown } from './known.ts';

const here = dirname(fileURLToPath(import.meta.url));
const tool = process.env['TCOMPOSE_PARITY_TOOL']?.split(' ') ?? [];
const version = process.env['TCOMPOSE_PARITY_VERSION'] ?? '';
const known = parseKnown(readFileSync(join(here, 'differences.txt'), 'utf8'), `v${version.split('.')[0]}`);

const folders = { conformance: wholeViews, parity: allViews };
const tally = { cases: 0, outputs: 0, different: 0 };

describe.skipIf(tool.length === 0)(`config against Docker Compose ${version}`, () => {
  const ids = new Set<string>();
  for (const [folder, views] of Object.entries(folders)) {
    for (const { name, file } of readCases(folder)) {
      for (const one of file.cases) {
        const id = `${folder}/${name}: ${one.title}`;
        ids.add(id);
        it.concurrent(id, async ({ expect }) => {
          const found = await compareCase(one, tool, views);
          tally.cases += 1;
          tally.outputs += views.length;
          tally.different += found.length;
          expect(found.sort()).toEqual([...(known.byCase.get(id) ?? [])].sort());
        });
      }
    }
  }

  it('explains differences of cases that there are', () => {
    expect([...known.byCase.keys()].filter((id) => !ids.has(id))).toEqual([]);
  });

  afterAll(() => {
    const { cases, outputs, different } = tally;
    console.log(`${cases} cases, ${outputs} outputs: ${outputs - different} equal, ${different} different`);
    const explained = [...known.byCase.values()].flat().length;
    console.log(
      `explained in test/parity/differences.txt: ${explained}, for ${known.reasons.length} reasons`,
    );
  });
});

function readCases(folder: string): { readonly name: string; readonly file: CaseFile }[] {
  const directory = join(here, '..', folder);
  const names = readdirSync(directory).filter((name) => name.endsWith('.cases'));
  return names.map((name) => ({ name, file: parseCaseFile(readFileSync(join(directory, name), 'utf8')) }));
}
