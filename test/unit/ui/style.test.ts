import { describe, expect, it } from 'vitest';
import { createSourceColors, createStyle } from '../../../src/ui/style.ts';

const codeOf = (painted: string) => painted.slice(0, painted.indexOf('m') + 1);

describe('colours of services', () => {
  it('are the same whatever order the services come in', () => {
    const names = ['web', 'db', 'cache'];
    const forwards = createSourceColors(true);
    const backwards = createSourceColors(true);
    const first = names.map((name) => forwards(name)('x'));
    const second = names
      .toReversed()
      .map((name) => backwards(name)('x'))
      .reverse();
    expect(first).toEqual(second);
  });

  it('differ as long as there are colours left', () => {
    const colorOf = createSourceColors(true);
    const codes = Array.from({ length: 10 }, (_, at) => codeOf(colorOf(`service-${at}`)('x')));
    expect(new Set(codes).size).toBe(10);
    expect(codes).toContain(codeOf(colorOf('one more')('x')));
  });

  it('are off when colours are', () => {
    expect(createSourceColors(false)('web')('x')).toBe('x');
    expect(createStyle(false).red('x')).toBe('x');
  });
});
