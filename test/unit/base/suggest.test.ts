import { describe, expect, it } from 'vitest';
import { findNearest } from '../../../src/base/suggest.ts';

const keys = ['image', 'ports', 'expose', 'volumes', 'volumes_from', 'environment', 'env_file', 'dns'];

describe('findNearest', () => {
  it.each([
    ['imge', 'image'],
    ['Image', 'image'],
    ['prots', 'ports'],
    ['port', 'ports'],
    ['volume', 'volumes'],
    ['enviroment', 'environment'],
    ['envfile', 'env_file'],
    ['dsn', 'dns'],
  ])('takes %s for %s', (word, nearest) => {
    expect(findNearest(word, keys)).toBe(nearest);
  });

  it.each(['x', 'foo', 'networks', 'build'])('takes %s for nothing', (word) => {
    expect(findNearest(word, keys)).toBeUndefined();
  });

  it('does not suggest the word itself', () => {
    expect(findNearest('image', ['image'])).toBeUndefined();
  });
});
