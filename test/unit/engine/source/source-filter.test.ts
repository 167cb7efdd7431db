import { describe, expect, it } from 'vitest';
import { PatternList } from '../../../../src/build/pattern/pattern-list.ts';
import { createFilter, type FilterOptions } from '../../../../src/engine/source/source-filter.ts';

const filter = (options: Partial<FilterOptions>) =>
  createFilter({ path: '/p/src', ignore: [], include: [], except: [], ...options });

/** Of paths, those that count, as if the whole tree were walked. */
function counting(options: Partial<FilterOptions>, paths: readonly string[]): string[] {
  const { matches, prunes } = filter(options);
  return paths.filter((path) => {
    const parents = path.split('/').slice(0, -1);
    const isPruned = parents.some((_, index) => prunes(parents.slice(0, index + 1).join('/')));
    return !isPruned && matches(path);
  });
}

describe('what counts of a watched path', () => {
  it('is everything but what Git and editors leave for a moment', () => {
    const passing = ['.git/HEAD', 'a/.git', '.idea/x.xml', 'f~', '4913', '.f.swp', '.f.swx', '.#f', '#f#'];
    const more = ['f___jb_tmp___', '.f.kate-swp', 'x-go-tmp-umask', 'a/b~/c'];
    const kept = ['.gitignore', 'a/f', 'f.swf', '.env', '49130', '#f', 'dir/.github/x'];
    expect(counting({}, [...passing, ...more, ...kept])).toEqual(kept);
  });

  it('is not what `ignore` has, unless it is taken back', () => {
    const paths = ['a.js', 'sub/a.js', 'node_modules/x/y', 'out/a', 'out/keep', 'deep/node_modules/x'];
    expect(counting({ ignore: ['node_modules/', './out', '!out/keep'] }, paths)).toEqual([
      'a.js',
      'sub/a.js',
      'out/keep',
      'deep/node_modules/x',
    ]);
    expect(counting({ ignore: ['**/node_modules', '*.js'] }, paths)).toEqual([
      'sub/a.js',
      'out/a',
      'out/keep',
    ]);
  });

  it('is only what `include` has', () => {
    const paths = ['a.go', 'a.js', 'sub/a.go', 'lib/deep/x', 'other/deep/x'];
    expect(counting({ include: ['*.go', 'lib'] }, paths)).toEqual(['a.go', 'lib/deep/x']);
    expect(counting({ include: ['**/*.go'], ignore: ['sub'] }, paths)).toEqual(['a.go']);
  });

  it('takes a pattern from the root of the host for what it names', () => {
    expect(counting({ ignore: ['/p/src/out', '/build'] }, ['out/a', 'build/a', 'a'])).toEqual(['a']);
  });

  it('is not what the build does not see either, a list of exceptions included', () => {
    const context = {
      directory: '/p',
      ignored: new PatternList(['*', '!src/app', 'src/app/*.log']),
      always: [],
    };
    expect(counting({ context }, ['x', 'app/a', 'app/a.log'])).toEqual(['app/a']);
    const elsewhere = { directory: '/p/src/web', ignored: new PatternList(['*.log']), always: [] };
    expect(counting({ context: elsewhere }, ['a.log', 'web/a.log', 'web/a'])).toEqual(['a.log', 'web/a']);
  });

  it('is the Dockerfile where it is asked for, although the build does not see it', () => {
    const context = {
      directory: '/p',
      ignored: new PatternList(['**/Dockerfile', 'src/docker']),
      always: ['/p/Dockerfile', '/p/src/docker/Dockerfile'],
    };
    const paths = ['Dockerfile', 'docker/Dockerfile', 'docker/other'];
    expect(counting({ context }, paths)).toEqual(['docker/Dockerfile']);
    expect(counting({ context, ignore: ['docker'] }, paths)).toEqual([]);
  });

  it('is not what is excepted by its path', () => {
    expect(counting({ except: ['/p/src/data', '/p/other'] }, ['data', 'data/a', 'data2'])).toEqual(['data2']);
  });

  it('is the watched file itself, whatever its name', () => {
    expect(filter({ path: '/p/4913', include: ['x'], ignore: ['**'] }).matches('')).toBe(true);
  });

  it('does not look into directories in which nothing counts', () => {
    const { prunes } = filter({ ignore: ['node_modules', 'out', '!out/keep'] });
    expect(['node_modules', 'out', 'a', '.git'].map(prunes)).toEqual([true, false, false, true]);
    const included = filter({ include: ['lib/**/*.go'] });
    expect(['lib', 'lib/a', 'other'].map(included.prunes)).toEqual([false, false, true]);
  });
});
