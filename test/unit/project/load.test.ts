import { describe, expect, it } from 'vitest';
import { TcError } from '../../../src/base/error.ts';
import type { FileReader } from '../../../src/project/file-reader.ts';
import { type LoadOptions, loadProject } from '../../../src/project/load.ts';
import { createMemoryReader } from '../../conformance/memory-reader.ts';

function load(
  files: Record<string, string>,
  changes: Partial<LoadOptions> = {},
  reader: Partial<FileReader> = {},
) {
  const names = Object.keys(files).filter((name) => name.endsWith('.yaml'));
  const options = { files: names.slice(0, 1), cwd: '/p', profiles: [], environment: {}, ...changes };
  return loadProject(options, { ...createMemoryReader(new Map(Object.entries(files))), ...reader });
}

function errorOf(action: () => unknown): TcError {
  try {
    action();
  } catch (error) {
    if (error instanceof TcError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('positions', () => {
  const model = load(
    {
      '/p/compose.yaml': `include: [sub/db.yaml]
services:
  web:
    extends: {file: base.yaml, service: base}
    env_file: web.env
    environment:
      OWN: 1
    ports:
      - 8080:80
      - 81-82
  "quoted.name": {image: x}
`,
      '/p/over.yaml': 'services:\n  web:\n    environment:\n      - OWN=2\n    user: root\n',
      '/p/base.yaml': 'services:\n  base:\n    image: nginx\n    command: run\n',
      '/p/sub/db.yaml': 'services:\n  db:\n    image: postgres\n',
      '/p/web.env': '# first\nFROM_FILE=1\nOWN=0\n',
    },
    { files: ['/p/compose.yaml', '/p/over.yaml'] },
  );
  const at = (...path: (string | number)[]) => {
    const source = model.positions.at(path);
    return source && `${source.file.slice(3)}:${source.line}:${source.col}`;
  };

  it.each([
    ['a value', ['services', 'web', 'user'], 'over.yaml:5:11'],
    [
      'a value of an override, in place of an earlier one',
      ['services', 'web', 'environment', 'OWN'],
      'over.yaml:4:9',
    ],
    ['a value of an extended file', ['services', 'web', 'image'], 'base.yaml:3:12'],
    ['a value of an included file', ['services', 'db', 'image'], 'sub/db.yaml:3:12'],
    ['a variable of an env file', ['services', 'web', 'environment', 'FROM_FILE'], 'web.env:2:1'],
    ['an item of a list', ['services', 'web', 'ports', 0], 'compose.yaml:9:9'],
    ['a part of a short form', ['services', 'web', 'ports', 0, 'target'], 'compose.yaml:9:9'],
    ['each port of a range', ['services', 'web', 'ports', 2], 'compose.yaml:10:9'],
    ['a block, by its key', ['services', 'web', 'ports'], 'compose.yaml:8:5'],
    ['a service', ['services', 'web'], 'compose.yaml:3:3'],
    ['a name with a dot', ['services', 'quoted.name', 'image'], 'compose.yaml:11:26'],
    [
      'what is not there, by its nearest ancestor',
      ['services', 'web', 'deploy', 'replicas'],
      'compose.yaml:3:3',
    ],
    ['what no file names', ['networks', 'default', 'name'], undefined],
  ])('of %s', (_, path, place) => {
    expect(at(...path)).toBe(place);
  });
});

describe('the model', () => {
  it('has typed values, and plain empty ones where there is nothing', () => {
    const { services } = load({
      '/p/compose.yaml':
        'services: {web: {image: x, mem_limit: 1g, stop_grace_period: 1m30s, ulimits: {nofile: 5}}}',
    });
    expect(services['web']).toEqual({
      name: 'web',
      image: 'x',
      command: null,
      entrypoint: null,
      environment: {},
      labels: {},
      depends_on: {},
      ports: [],
      volumes: [],
      networks: { default: null },
      mem_limit: 1024 ** 3,
      stop_grace_period: 90e9,
      ulimits: { nofile: { single: true, soft: 5, hard: 5 } },
    });
  });

  it('keeps services that no profile enables apart', () => {
    const model = load({ '/p/compose.yaml': 'services: {a: {image: x}, b: {image: y, profiles: [p]}}' });
    expect(Object.keys(model.services)).toEqual(['a']);
    expect(Object.keys(model.disabledServices)).toEqual(['b']);
  });

  it('keeps services that the command does not name apart', () => {
    const text = 'services: {a: {image: x, depends_on: [b]}, b: {image: y}, c: {image: z}}';
    const model = load({ '/p/compose.yaml': text }, { services: ['a'] });
    expect([Object.keys(model.services), Object.keys(model.disabledServices)]).toEqual([['a', 'b'], ['c']]);
  });

  it('has the values of secrets and configs from variables', () => {
    const model = load(
      {
        '/p/compose.yaml':
          'services: {a: {image: x, secrets: [s], configs: [c]}}\nsecrets: {s: {environment: S}}\nconfigs: {c: {environment: C}}',
      },
      { environment: { S: 'secret', C: 'config' } },
    );
    expect([model.secrets['s']?.content, model.configs['c']?.content]).toEqual(['secret', 'config']);
  });

  it('takes names that every object has for ordinary ones', () => {
    const text =
      'services: {constructor: {image: x, environment: {__proto__: a, toString: b}}, web: {image: y, depends_on: [constructor]}}';
    const { services } = load({ '/p/compose.yaml': text });
    expect(Object.keys(services)).toEqual(['constructor', 'web']);
    expect(Object.entries(services['constructor']?.environment ?? {})).toEqual([
      ['__proto__', 'a'],
      ['toString', 'b'],
    ]);
  });

  it('does not find a service by a name that every object has', () => {
    const error = errorOf(() =>
      load({ '/p/compose.yaml': 'services: {web: {image: y, depends_on: [constructor]}}' }),
    );
    expect(error.code).toBe('service-unknown');
  });

  it('resolves the paths that are watched to real ones', () => {
    const text = 'services: {a: {build: ., develop: {watch: [{path: ./link, action: rebuild}]}}}';
    const { services } = load(
      { '/p/compose.yaml': text },
      {},
      { realpath: (path) => path.replace('link', 'real') },
    );
    expect(services['a']?.develop?.['watch']).toEqual([{ path: '/p/real', action: 'rebuild' }]);
  });

  it('warns of a name that comes from a symbolic link', () => {
    const { name, warnings } = load(
      { '/p/compose.yaml': 'services: {a: {image: x}}' },
      {},
      { realpath: () => '/elsewhere' },
    );
    expect(name).toBe('p');
    expect(warnings.map((warning) => warning.code)).toEqual(['project-name']);
  });
});

describe('errors', () => {
  it('come together, in reading order, each with its place', () => {
    const error = errorOf(() =>
      load(
        { '/p/a.yaml': 'services:\n  web: {imge: x}\n  db: {image: [y]}\n', '/p/b.yaml': 'volums: {}\n' },
        { files: ['/p/a.yaml', '/p/b.yaml'] },
      ),
    );
    const places = [error, ...error.others].map(({ source }) => `${source?.file}:${source?.line}`);
    expect(places).toEqual(['/p/a.yaml:2', '/p/a.yaml:3', '/p/b.yaml:1']);
  });

  it('name every file that is missing', () => {
    const error = errorOf(() => load({}, { files: ['/p/a.yaml', '/p/b.yaml'] }));
    expect([error, ...error.others].map((one) => one.code)).toEqual(['file-missing', 'file-missing']);
  });

  it('say why a file cannot be read', () => {
    const read = () => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    };
    const error = errorOf(() => load({}, { files: ['/p/a.yaml'] }, { read }));
    expect([error.code, error.message]).toEqual([
      'file-unreadable',
      'the Compose file /p/a.yaml cannot be read: permission denied',
    ]);
  });
});

describe('cost', () => {
  it.each([
    ['brackets', `a: ${'['.repeat(100_000)}`],
    ['mappings', Array.from({ length: 3000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['dashes', `a:\n${'- '.repeat(50_000)}`],
  ])('of deep nesting is a diagnostic: %s', (_, text) => {
    const error = errorOf(() => load({ '/p/compose.yaml': text }));
    expect(['yaml-depth', 'yaml-syntax']).toContain(error.code);
  });

  it('grows with the size of the file, also with anchors and long chains of dependencies', () => {
    const size = 3000;
    const services = Array.from({ length: size }, (_, n) => {
      const after = n === 0 ? '' : `, depends_on: [s${n - 1}]`;
      return `  s${n}: {<<: *base, labels: *labels${after}}\n`;
    });
    const text = `x-base: &base {image: x}\nx-labels: &labels {a: b}\nservices:\n${services.join('')}`;
    const model = load({ '/p/compose.yaml': text });
    expect(Object.keys(model.services)).toHaveLength(size);
  });
});
