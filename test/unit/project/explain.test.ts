import { describe, expect, it } from 'vitest';
import { TcError } from '../../../src/base/error.ts';
import { discoverFiles } from '../../../src/project/discover.ts';
import { explainValues, formatExplanation } from '../../../src/project/explain.ts';
import { createMemoryReader } from '../../conformance/memory-reader.ts';

const files = new Map(
  Object.entries({
    '/p/compose.yaml': `include: [sub/db.yaml]
services:
  base:
    image: nginx
    environment:
      LOG: base
      ONLY: base
  web.api:
    extends: base
    env_file: [a.env, b.env]
    environment:
      - LOG=\${LEVEL:-info}
      - PASS
    ports: ["\${PORT}:80"]
  db:
    user: own
`,
    '/p/compose.override.yaml': `services:
  web.api:
    environment:
      LOG: \${LEVEL:-debug}
`,
    '/p/sub/db.yaml': `services:
  db:
    image: postgres:\${PG}
    user: theirs
`,
    '/p/sub/.env': 'PG=17\n',
    '/p/.env': '# ports\nPORT=8080\n',
    '/p/a.env': 'A=1\nB=1\nLOG=file\n',
    '/p/b.env': 'B=2\n',
  }),
);

function explain(path: string | string[], environment: Record<string, string> = {}): string {
  const reader = createMemoryReader(files);
  const found = discoverFiles({ files: [], cwd: '/p', environment }, reader);
  const explanations = explainValues({ ...found, profiles: [] }, reader, [path].flat());
  return explanations.map((one) => formatExplanation(one, '/p')).join('');
}

describe('explainValues', () => {
  it('names the file and line of a value', () => {
    expect(explain('services.base.image')).toBe(`services.base.image: "nginx"
  compose.yaml:4:12: image: nginx
`);
  });

  it('tells what a value took the place of: overrides, base, env files, the latest first', () => {
    expect(explain('services.web.api.environment.LOG', { LEVEL: 'warn' })).toBe(
      `services.web.api.environment.LOG: "warn"
  compose.override.yaml:4:12: LOG: \${LEVEL:-debug}
    LEVEL is "warn", from the environment
  instead of "warn", compose.yaml:12:9: - LOG=\${LEVEL:-info}
    LEVEL is "warn", from the environment
  instead of "base", compose.yaml:6:12: LOG: base
  instead of "file", a.env:3:1: LOG=file
`,
    );
  });

  it('tells that a default holds, by what is not set', () => {
    expect(explain('services.web.api.environment.LOG')).toContain('"debug"');
    expect(explain('services.web.api.environment.LOG')).toContain('    LEVEL is not set\n');
  });

  it('names the env file of a variable of the container', () => {
    expect(explain('services.web.api.environment.B')).toBe(`services.web.api.environment.B: "2"
  b.env:1:1: B=2
  instead of "1", a.env:2:1: B=1
`);
  });

  it('names the env file of a variable of the file', () => {
    expect(explain('services.web.api.ports[0].published')).toContain('    PORT is "8080", from .env:2:1\n');
    expect(explain('services.db.image')).toContain('    PG is "17", from sub/.env:1:1\n');
  });

  it('tells where a variable without a value got it', () => {
    expect(explain('services.web.api.environment.PASS', { PASS: 'x' })).toBe(
      `services.web.api.environment.PASS: "x"
  compose.yaml:13:9: - PASS
    PASS is "x", from the environment
`,
    );
  });

  it('tells what the included file said', () => {
    expect(explain('services.db.user')).toBe(`services.db.user: "own"
  compose.yaml:16:11: user: own
  instead of "theirs", sub/db.yaml:4:11: user: theirs
`);
  });

  it('explains every value below a mapping', () => {
    expect(
      explain('services.db')
        .match(/^\S.*: /gm)
        ?.map((line) => line.replace(/: .*/, '')),
    ).toEqual(['services.db.image', 'services.db.networks.default', 'services.db.user']);
  });

  it('explains several paths, and takes the name of a service for the service', () => {
    expect(explain(['web.api.image', 'base.image', 'networks.default.name']).match(/^\S+(?=:)/gm)).toEqual([
      'services.web.api.image',
      'services.base.image',
      'networks.default.name',
    ]);
  });

  it('says when no file names a value', () => {
    expect(explain('networks.default.name')).toContain('no file says it');
  });

  it.each([
    [
      'services.web.api.imge',
      'services.web.api.imge is not set: services.web.api has no `imge`',
      'did you mean `image`?',
    ],
    ['servces', 'servces is not set: the project has no `servces`', 'did you mean `services`?'],
    [
      'services.base.image.x',
      'services.base.image.x is not set: services.base.image has no `x`',
      'it has nothing',
    ],
  ])('refuses %s', (path, message, hint) => {
    try {
      explain(path);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TcError);
      expect((error as TcError).message).toBe(message);
      expect((error as TcError).hints).toEqual([hint]);
    }
  });
});
