import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discoverFiles } from '../../../src/project/discover.ts';
import type { FileReader } from '../../../src/project/file-reader.ts';
import { loadProject } from '../../../src/project/load.ts';
import { guessProjectName } from '../../../src/project/quick-name.ts';

interface Given {
  readonly files: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly projectName?: string;
}

function discover({ environment = {}, files }: Given) {
  const reader: FileReader = {
    read: (path) => {
      const text = files[path.replace('/my.app/', '')];
      if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return text;
    },
    exists: (path) => path.replace('/my.app/', '') in files,
  };
  return { reader, discovery: discoverFiles({ files: [], cwd: '/my.app', environment }, reader) };
}

function guess(given: Given): string | undefined {
  const { discovery, reader } = discover(given);
  return guessProjectName({ discovery, projectName: given.projectName }, reader);
}

/** Undefined: the files do not load. */
function load(given: Given): string | undefined {
  const { discovery, reader } = discover(given);
  try {
    return loadProject({ ...discovery, projectName: given.projectName, profiles: [] }, reader).name;
  } catch {
    return undefined;
  }
}

const services = 'services:\n  web:\n    image: host\n';

describe('guessProjectName', () => {
  it.each([
    ['the directory', services, 'myapp'],
    ['a plain name', `name: demo\n${services}`, 'demo'],
    ['a quoted name', `${services}\nname: "demo" # ours\n`, 'demo'],
    ['a document marker', `# ours\n---\nname: 'demo'\n${services}`, 'demo'],
    ['line ends of Windows', `name: demo\r\n${services.replaceAll('\n', '\r\n')}`, 'demo'],
    ['a name further in', `${services}    container_name: x\n    labels:\n      name: y\n`, 'myapp'],
  ])('knows it from %s', (_, text, name) => {
    expect(guess({ files: { 'compose.yaml': text } })).toBe(name);
  });

  it.each([
    ['a variable', `name: $X\n${services}`],
    ['a name to be made fit', `name: Demo\n${services}`],
    ['a word that may be no text', `name: on\n${services}`],
    ['a number', `name: 12\n${services}`],
    ['text over two lines', `name: demo\n  more\n${services}`],
    ['another notation', `{name: demo, services: {}}`],
    ['a quoted key', `"name": demo\n${services}`],
    ['a merge', `x-a: &a\n  name: demo\n<<: *a\n${services}`],
    ['two documents', `${services}---\nname: demo\n`],
  ])('leaves %s to the loader', (_, text) => {
    expect(guess({ files: { 'compose.yaml': text } })).toBeUndefined();
  });

  it('lets -p, then COMPOSE_PROJECT_NAME, then the last file go first', () => {
    const files = {
      'compose.yaml': `name: base\n${services}`,
      'compose.override.yaml': 'name: over\n',
      '.env': 'COMPOSE_PROJECT_NAME=dot\n',
    };
    expect(guess({ files: { 'compose.yaml': files['compose.yaml'], 'compose.override.yaml': '{}\n' } })).toBe(
      undefined,
    );
    expect(guess({ files: { ...files, '.env': '' } })).toBe('over');
    expect(guess({ files })).toBe('dot');
    expect(guess({ files, environment: { COMPOSE_PROJECT_NAME: 'caller' } })).toBe('caller');
    expect(guess({ files, projectName: 'flag' })).toBe('flag');
    expect(guess({ files, projectName: 'No good' })).toBeUndefined();
  });

  it('never differs from the loader', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'name: demo',
        'name: "demo"',
        "name: 'x-1'",
        'name: demo # c',
        'name:',
        'name: y',
        'name: a b',
      ),
      fc.constantFrom(
        '  more',
        '  name: inner',
        '# name: comment',
        '',
        '---',
        'x-a: |',
        '  name: text',
        'x-b: "a',
      ),
      fc.constantFrom(
        'services:',
        '  web: {image: host}',
        'name: "a',
        '  b"',
        'name: &a demo',
        'name: !reset null',
      ),
      fc.string({ maxLength: 8 }),
    );
    const text = fc.array(line, { maxLength: 7 }).map((lines) => `${lines.join('\n')}\n`);
    fc.assert(
      fc.property(text, text, fc.boolean(), (base, override, isSplit) => {
        const files: Record<string, string> = {
          'compose.yaml': `${base}x-end: 1\nservices: {web: {image: host}}\n`,
        };
        if (isSplit) files['compose.override.yaml'] = override;
        const [guessed, loaded] = [guess({ files }), load({ files })];
        if (guessed !== undefined && loaded !== undefined) expect(guessed).toBe(loaded);
      }),
      { numRuns: 2000 },
    );
  });
});
