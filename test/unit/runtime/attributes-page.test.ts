import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderAttributesPage } from '../../../src/runtime/attributes-page.ts';

const page = new URL('../../../docs/attributes.md', import.meta.url);

it('docs/attributes.md says what the table says', () => {
  if (process.env['GOLDEN_UPDATE'] === '1') writeFileSync(page, renderAttributesPage());
  expect(readFileSync(page, 'utf8')).toBe(renderAttributesPage());
});
