import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toCanonical } from '../../../src/project/canonical.ts';
import { upgradeFile } from '../../../src/project/upgrade.ts';
import { type Case, parseCaseFile } from '../../conformance/case-file.ts';
import { loadCase } from '../../conformance/run-case.ts';
import { testGoldenFiles } from '../../golden/golden-file.ts';

const suite = readFileSync(join(import.meta.dirname, '../../conformance/legacy.cases'), 'utf8');

function upgraded(one: Case): Case {
  const sections = one.sections.map((section) =>
    section.kind === 'file' ? { ...section, text: upgradeFile(section.name, section.text) } : section,
  );
  return { ...one, sections };
}

describe('upgradeFile', () => {
  for (const one of parseCaseFile(suite).cases) {
    it(`keeps the meaning: ${one.title}`, () => {
      const [before, after] = [loadCase(one).model, loadCase(upgraded(one)).model];
      expect(before).toBeDefined();
      expect(after && toCanonical(after, 'yaml')).toEqual(before && toCanonical(before, 'yaml'));
      expect(after?.warnings.filter((warning) => warning.code === 'key-deprecated')).toEqual([]);
    });
  }

  it('changes nothing when there is nothing to do', () => {
    const text = '# a\nservices:\n  web: {image: "x"} # b\n\nvolumes:\n  v:\n';
    expect(upgradeFile('compose.yaml', text)).toBe(text);
  });

  testGoldenFiles('upgrade', (input) => upgradeFile('compose.yaml', input));
});
