// Real files, real inotify: what is told of them.

import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SourceWatch, WatchedSource } from '../../../../src/engine/source/source-port.ts';
import { watchSources } from '../../../../src/engine/source/watch-sources.ts';

let directory: string;
let watching: SourceWatch | undefined;
const never = new AbortController().signal;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'tcompose-watch-')));
});

afterEach(() => {
  watching?.close();
  watching = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const at = (path: string) => join(directory, path);

function write(path: string, text = 'x'): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

function watch(...sources: Partial<WatchedSource>[]): SourceWatch {
  const whole = sources.map((source) => ({
    path: at('src'),
    ignore: [],
    include: [],
    except: [],
    ...source,
  }));
  watching = watchSources(whole, [at('src/state')]);
  return watching;
}

/** `+ file a`, `~ directory>file b`, `- link c`, each with the rule in front if there are several. */
async function next(): Promise<string[]> {
  const batch = await watching?.next(never);
  expect(batch?.problems).toEqual([]);
  return (batch?.changes ?? [])
    .map(({ rule, path, kind, was }) => {
      const what = kind === undefined || was === undefined || kind === was ? (kind ?? was) : `${was}>${kind}`;
      const sign = kind === undefined ? '-' : was === undefined ? '+' : '~';
      return `${rule === 0 ? '' : `${rule}: `}${sign} ${what} ${path || '.'}`;
    })
    .sort();
}

/** What has happened before is told by now: this is what comes next. */
async function andNothingElse(): Promise<void> {
  write('src/zz-mark', `${Math.random()}`);
  expect((await next()).map((line) => line.slice(2))).toEqual(['file zz-mark']);
}

/** The same numbers for the same seed, below `limit`. */
function generate(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
}

/** Something happens to one of a few names, up to three levels deep. */
function change(random: (limit: number) => number): void {
  const name = () => Array.from({ length: 1 + random(3) }, () => 'abc'[random(3)]).join('/');
  const path = `src/${name()}`;
  const actions = [
    () => write(path, `${random(1000)}`),
    () => mkdirSync(at(path), { recursive: true }),
    () => rmSync(at(path), { recursive: true, force: true }),
    () => renameSync(at(path), at(`src/${name()}`)),
    () => symlinkSync('elsewhere', at(path)),
  ];
  try {
    actions[random(actions.length)]?.();
  } catch {
    // There is no such thing, or something is in the way: then nothing happens.
  }
}

function listTree(top: string, prefix = ''): [string, string][] {
  return readdirSync(join(top, prefix), { withFileTypes: true })
    .flatMap((entry): [string, string][] => {
      const path = join(prefix, entry.name);
      if (entry.isDirectory()) return [[path, 'directory'], ...listTree(top, path)];
      return [[path, entry.isFile() ? 'file' : 'link']];
    })
    .sort();
}

describe('a watched directory', () => {
  it('tells files, links and directories that are made, changed and removed', async () => {
    for (const path of ['changed', 'chmod', 'gone', 'same', 'dir/gone']) write(`src/${path}`);
    watch({});
    write('src/new');
    appendFileSync(at('src/changed'), 'more');
    chmodSync(at('src/chmod'), 0o755);
    rmSync(at('src/gone'));
    rmSync(at('src/dir'), { recursive: true });
    symlinkSync('new', at('src/link'));
    write('src/deep/er/file');
    expect(await next()).toEqual([
      '+ directory deep',
      '+ directory deep/er',
      '+ file deep/er/file',
      '+ file new',
      '+ link link',
      '- directory dir',
      '- file dir/gone',
      '- file gone',
      '~ file changed',
      '~ file chmod',
    ]);
  });

  it('goes on in directories that were made, renamed and replaced', async () => {
    write('src/a/b/file');
    watch({});
    renameSync(at('src/a'), at('src/c'));
    expect(await next()).toEqual([
      '+ directory c',
      '+ directory c/b',
      '+ file c/b/file',
      '- directory a',
      '- directory a/b',
      '- file a/b/file',
    ]);
    appendFileSync(at('src/c/b/file'), 'more');
    expect(await next()).toEqual(['~ file c/b/file']);
    rmSync(at('src/c'), { recursive: true });
    write('src/c/b/file', 'again');
    write('src/c/b/other');
    expect(await next()).toEqual(['+ file c/b/other', '~ file c/b/file']);
    appendFileSync(at('src/c/b/other'), 'more');
    expect(await next()).toEqual(['~ file c/b/other']);
  });

  it('tells what has become something else', async () => {
    write('src/a/inner');
    write('src/b');
    watch({});
    rmSync(at('src/a'), { recursive: true });
    write('src/a');
    rmSync(at('src/b'));
    write('src/b/inner');
    expect(await next()).toEqual([
      '+ file b/inner',
      '- file a/inner',
      '~ directory>file a',
      '~ file>directory b',
    ]);
  });

  it('tells a file that an editor replaces once, as changed', async () => {
    write('src/file');
    watch({});
    write('src/.file.swp');
    write('src/4913');
    rmSync(at('src/4913'));
    renameSync(at('src/file'), at('src/file~'));
    write('src/file', 'new');
    rmSync(at('src/file~'));
    expect(await next()).toEqual(['~ file file']);
  });

  it('says nothing of what is as it was, of what is ignored, or of what this instance writes', async () => {
    write('src/file');
    write('src/node_modules/x');
    utimesSync(at('src/file'), 1, 1);
    watch({ ignore: ['node_modules'] });
    write('src/passing');
    rmSync(at('src/passing'));
    write('src/node_modules/y');
    write('src/state/containers/x');
    await andNothingElse();
  });

  it('may be missing, come, go and come again', async () => {
    watch({ path: at('src/later/still') });
    write('src/later/other');
    write('src/later/still/file');
    expect(await next()).toEqual(['+ file file']);
    appendFileSync(at('src/later/still/file'), 'more');
    expect(await next()).toEqual(['~ file file']);
    rmSync(at('src'), { recursive: true });
    expect(await next()).toEqual(['- directory .', '- file file']);
    write('src/later/still/new');
    expect(await next()).toEqual(['+ file new']);
  });

  it('tells many files at once', async () => {
    write('src/first');
    watch({});
    const names = Array.from({ length: 500 }, (_, index) => `many/${index % 7}/${index}`);
    for (const name of names) write(`src/${name}`);
    const told = await next();
    expect(told.filter((line) => line.startsWith('+ file'))).toHaveLength(500);
    expect(told).toHaveLength(508);
  });

  it('misses nothing when the kernel has no room for more events', async () => {
    write('src/a/first');
    write('src/b/first');
    watch({});
    // Two events each, and nobody reads them meanwhile: more than the queue takes.
    const files = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) / 2 + 500;
    for (let index = 0; index < files; index += 1) writeFileSync(at(`src/a/${index}`), 'x');
    rmSync(at('src/b/first'));
    write('src/b/deep/last');
    const told = await next();
    expect(told).toHaveLength(files + 3);
    expect(told).toEqual(expect.arrayContaining(['- file b/first', '+ file b/deep/last']));
    appendFileSync(at('src/b/deep/last'), 'more');
    expect(await next()).toEqual(['~ file b/deep/last']);
  });

  it('is followed so well that a copy of it stays right, whatever happens', async () => {
    mkdirSync(at('src'));
    watch({});
    const copy = new Map<string, string | undefined>();
    const random = generate(7);
    for (let round = 0; round < 20; round += 1) {
      for (let step = 0; step < 1 + random(12); step += 1) change(random);
      write('src/round', `${round}`);
      for (const { path, kind } of (await watching?.next(never))?.changes ?? []) {
        if (kind === undefined) copy.delete(path);
        else copy.set(path, kind);
      }
      const real = listTree(at('src'));
      expect(Object.fromEntries([...copy].sort())).toEqual(Object.fromEntries(real));
    }
  });

  it('does not wait for ever for somebody who never stops writing', async () => {
    write('src/file');
    watch({});
    const writing = setInterval(() => appendFileSync(at('src/file'), 'x'), 20);
    try {
      expect(await next()).toEqual(['~ file file']);
      expect(await next()).toEqual(['~ file file']);
    } finally {
      clearInterval(writing);
    }
  });
});

describe('several sources', () => {
  it('are told each by itself, whether they see the same or not', async () => {
    write('src/a.js');
    write('src/sub/b.js');
    watch({}, { path: at('src/sub') }, {}, { include: ['*.js'] }, { path: at('src/a.js') });
    appendFileSync(at('src/sub/b.js'), 'x');
    expect(await next()).toEqual(['1: ~ file b.js', '2: ~ file sub/b.js', '~ file sub/b.js']);
    appendFileSync(at('src/a.js'), 'x');
    expect(await next()).toEqual(['2: ~ file a.js', '3: ~ file a.js', '4: ~ file .', '~ file a.js']);
  });

  it('list what there is', () => {
    write('src/a.js');
    write('src/sub/b.js');
    write('src/.git/HEAD');
    const source = watch({}, { path: at('src/a.js') }, { path: at('no') });
    const found = source.list(0).map(({ kind, path }) => `${kind} ${path}`);
    expect([...found].sort()).toEqual(['directory sub', 'file a.js', 'file sub/b.js']);
    expect(found.indexOf('directory sub')).toBeLessThan(found.indexOf('file sub/b.js'));
    expect(source.list(1)).toEqual([{ rule: 1, path: '', kind: 'file' }]);
    expect(source.list(2)).toEqual([]);
  });

  it('end when the signal fires, and are woken for nothing', async () => {
    write('src/a');
    const source = watch({});
    source.wake();
    expect(await source.next(never)).toEqual({ changes: [], problems: [] });
    const ended = new AbortController();
    const waiting = source.next(ended.signal);
    ended.abort();
    expect(await waiting).toBeUndefined();
  });

  it('are refused with the rule if a pattern is none', () => {
    expect(() => watch({ ignore: ['[a'] })).toThrow(/pattern that is none/);
  });
});
