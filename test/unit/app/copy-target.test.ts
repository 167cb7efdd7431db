import { describe, expect, it } from 'vitest';
import { resolveTarget } from '../../../src/app/copy-target.ts';
import type { CopyEntry } from '../../../src/engine/ports.ts';

const side = (path: string, kind: CopyEntry['kind']) => ({
  path,
  entry: { kind, path: path.replace(/(?<=.)\/\.?$/, '') },
});

/** `source -> target`, each a path and what is there. */
function resolve(source: [string, CopyEntry['kind']], target: [string, CopyEntry['kind']]): string {
  const { directory, name } = resolveTarget(side(...source), side(...target));
  return `${directory} ${name}`;
}

describe('the target of a copy', () => {
  it('of a file', () => {
    expect(resolve(['/a/f', 'file'], ['/b', 'directory'])).toBe('/b f');
    expect(resolve(['/a/f', 'file'], ['/b/g', 'file'])).toBe('/b g');
    expect(resolve(['/a/f', 'file'], ['/b/g', 'missing'])).toBe('/b g');
    expect(() => resolve(['/a/f', 'file'], ['/b/', 'missing'])).toThrow('no directory');
    expect(() => resolve(['/a/f/', 'file'], ['/b', 'directory'])).toThrow('/a/f/ is not a directory');
    expect(() => resolve(['/a/f', 'missing'], ['/b', 'directory'])).toThrow('does not exist');
    expect(() => resolve(['/a/f', 'file'], ['/b', 'link'])).toThrow('leads nowhere');
  });

  it('of a directory', () => {
    expect(resolve(['/a/d', 'directory'], ['/b', 'directory'])).toBe('/b d');
    expect(resolve(['/a/d/', 'directory'], ['/b', 'directory'])).toBe('/b d');
    expect(resolve(['/a/d/.', 'directory'], ['/b', 'directory'])).toBe('/b .');
    expect(resolve(['/a/d', 'directory'], ['/b/e', 'missing'])).toBe('/b e');
    expect(resolve(['/a/d/.', 'directory'], ['/b/e/', 'missing'])).toBe('/b e');
    expect(resolve(['/', 'directory'], ['/b', 'directory'])).toBe('/b .');
    expect(() => resolve(['/a/d', 'directory'], ['/b/f', 'file'])).toThrow('no directory');
  });
});
