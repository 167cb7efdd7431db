import { expect, it } from 'vitest';
import { createId, isId, shortId } from '../../../src/base/id.ts';

it('ids are 64 hex digits, and no two are the same', () => {
  const ids = Array.from({ length: 100 }, createId);
  expect(ids.filter(isId)).toHaveLength(100);
  expect(new Set(ids.map(shortId)).size).toBe(100);
});
