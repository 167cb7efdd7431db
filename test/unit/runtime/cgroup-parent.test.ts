import { expect, it } from 'vitest';
import { listAncestors, parseCgroupParent } from '../../../src/runtime/cgroup-parent.ts';

it.each([
  ['', ''],
  ['/', ''],
  ['/batch', 'batch'],
  ['batch/night/', 'batch/night'],
  ['//a/./b', 'a/b'],
  ['batch.slice', 'batch.slice'],
  ['batch-night-long.slice', 'batch.slice/batch-night.slice/batch-night-long.slice'],
  ['-.slice', ''],
  ['/batch-night.slice/job', 'batch-night.slice/job'],
  ['/a/../b', undefined],
  ['..', undefined],
  ['a\nb', undefined],
])('%j is below %j', (text, path) => {
  expect(parseCgroupParent(text)).toBe(path);
});

it('lists what is above, and itself', () => {
  expect(listAncestors('a/b/c')).toEqual(['a', 'a/b', 'a/b/c']);
  expect(listAncestors('')).toEqual([]);
});
