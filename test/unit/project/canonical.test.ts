// Whole outputs of `config`, as YAML and as JSON. The input is a case as in test/conformance.

import { describe, expect, it } from 'vitest';
import { formatCanonical } from '../../../src/project/canonical.ts';
import { parseCase } from '../../conformance/case-file.ts';
import { loadCase } from '../../conformance/run-case.ts';
import { testGoldenFiles } from '../../golden/golden-file.ts';

function load(input: string) {
  const { error, model } = loadCase(parseCase(`title\n${input}`));
  if (!model) throw error;
  return model;
}

describe('formatCanonical', () => {
  testGoldenFiles('config', (input) => {
    const model = load(input);
    return `${formatCanonical(model, 'yaml')}----------\n${formatCanonical(model, 'json')}\n`;
  });

  it('doubles dollar signs in values, unless told not to', () => {
    const model = load('services: {web: {image: x, labels: {"$k": "a$$b"}}}');
    expect(formatCanonical(model, 'yaml')).toContain('$k: a$$b');
    expect(formatCanonical(model, 'yaml', { escapeDollars: false })).toContain('$k: a$b');
  });
});
