import { describe, expect, it } from 'vitest';
import { TcError } from '../../../src/base/error.ts';
import { parseDockerfile } from '../../../src/build/dockerfile/parse.ts';

const parse = (text: string) => parseDockerfile({ file: '/p/Dockerfile', text });
const only = (line: string) => parse(`FROM scratch\n${line}`).instructions[1];

function failureOf(text: string): TcError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof TcError) return error;
  }
  throw new Error('it was not refused');
}

describe('lines', () => {
  it('joins what goes on, leaves comments out, and keeps places', () => {
    const { instructions } = parse(
      '# top\nFROM a\n\n  RUN one \\\n  # in between\n    two \\\n three\nUSER x',
    );
    expect(instructions.map(({ kind, at, lastLine }) => [kind, at.line, at.col, lastLine])).toEqual([
      ['FROM', 2, 1, 2],
      ['RUN', 4, 3, 7],
      ['USER', 8, 1, 8],
    ]);
    expect(instructions[1]).toMatchObject({ command: { form: 'shell', line: 'one     two  three' } });
  });

  it('names the ends of instructions that have an empty line in their middle', () => {
    const { emptyContinuations } = parse('FROM a\nRUN one \\\n\n two');
    expect(emptyContinuations).toEqual([{ file: '/p/Dockerfile', line: 4, col: 1 }]);
  });

  it('does not go on after an escaped escape character', () => {
    expect(parse('FROM a\nRUN x \\\\\nUSER y').instructions).toHaveLength(3);
  });

  it('reads carriage returns and a byte order mark as nothing', () => {
    expect(parse('\uFEFFFROM a\r\nUSER x\r\n').instructions[1]).toMatchObject({ value: 'x' });
  });

  it('keeps comments directly above, not those behind an empty line', () => {
    const { instructions } = parse('# far\n\n# near\nFROM a\n# of user\nUSER x');
    expect(instructions.map(({ comments }) => comments)).toEqual([['near'], ['of user']]);
  });
});

describe('directives', () => {
  it('change the escape character and the checks', () => {
    const { directives, instructions } = parse(
      '# syntax=docker/dockerfile:1\n# escape=`\n# check=skip=StageNameCasing,FromAsCasing;error=true\nFROM a\nRUN one `\n two',
    );
    expect(directives).toEqual({
      syntax: 'docker/dockerfile:1',
      escapeToken: '`',
      check: { skip: ['StageNameCasing', 'FromAsCasing'], experimental: [], error: true },
    });
    expect(instructions[1]).toMatchObject({ command: { line: 'one  two' } });
  });

  it('end at the first line that is none', () => {
    expect(parse('# hello\n# escape=`\nFROM a').directives.escapeToken).toBe('\\');
  });

  it.each([
    ['# escape=x\nFROM a', '"x" is not an escape character'],
    ['# escape=`\n# escape=`\nFROM a', 'given twice'],
    ['# check=nonsense\nFROM a', 'not an option of checks'],
  ])('%j is refused', (text, message) => {
    expect(failureOf(text).message).toContain(message);
  });
});

describe('here-documents', () => {
  it('are read up to their names, in their order', () => {
    const copy = parse('FROM a\nCOPY <<one <<-"two" /dst/\nx $y\none\n\ttab\n\ttwo\nUSER z');
    expect(copy.instructions[1]).toMatchObject({
      kind: 'COPY',
      sources: [],
      destination: '/dst/',
      lastLine: 6,
      heredocs: [
        { name: 'one', isExpanded: true, stripTabs: false, content: 'x $y\n' },
        { name: 'two', isExpanded: false, stripTabs: true, content: '\ttab\n' },
      ],
    });
    expect(copy.instructions).toHaveLength(3);
  });

  it('belong to ONBUILD too', () => {
    expect(parse('FROM a\nONBUILD RUN <<E\nls\nE').instructions[1]).toMatchObject({
      trigger: 'RUN <<E\nls\nE',
    });
  });

  it('that do not end are refused', () => {
    expect(failureOf('FROM a\nRUN <<E\nls').message).toBe('the here-document "E" does not end');
  });
});

describe('instructions', () => {
  it.each([
    ['CMD ["a", "b c"]', { command: { form: 'exec', words: ['a', 'b c'] } }],
    ['CMD ["a", b]', { command: { form: 'shell', line: '["a", b]' } }],
    [
      'ENV a=b c="d e" f=\\ g',
      {
        pairs: [
          { name: 'a', value: 'b' },
          { name: 'c', value: '"d e"' },
          { name: 'f', value: '\\ g' },
        ],
        isLegacy: false,
      },
    ],
    ['ENV a b c', { pairs: [{ name: 'a', value: 'b c' }], isLegacy: true }],
    ['LABEL "a b"=c', { pairs: [{ name: '"a b"', value: 'c' }] }],
    ['ARG a b=c', { args: [{ name: 'a' }, { name: 'b', value: 'c' }] }],
    [
      'COPY --from=x --chown=1:2 --chmod=755 --link --parents --exclude=a --exclude=b s1 s2 d/',
      {
        from: 'x',
        chown: '1:2',
        chmod: '755',
        isLink: true,
        parents: true,
        exclude: ['a', 'b'],
        sources: ['s1', 's2'],
        destination: 'd/',
      },
    ],
    ['COPY ["a b", "c"]', { sources: ['a b'], destination: 'c' }],
    [
      'ADD --checksum=sha256:0 --keep-git-dir=true --unpack=false x y',
      { checksum: 'sha256:0', keepGitDir: true, unpack: false },
    ],
    [
      'RUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/t --network=none --security=insecure x',
      {
        mounts: ['type=cache,target=/c', 'type=tmpfs,target=/t'],
        network: 'none',
        security: 'insecure',
        command: { line: 'x' },
      },
    ],
    ['RUN -- --flag', { command: { line: '--flag' } }],
    ['EXPOSE 80 90/udp', { words: ['80', '90/udp'] }],
    ['VOLUME ["/a b"]', { words: ['/a b'] }],
    ['VOLUME /a /b', { words: ['/a', '/b'] }],
    ['HEALTHCHECK NONE', { kind: 'HEALTHCHECK' }],
    [
      'HEALTHCHECK --interval=1m30s --timeout=3s --retries=2 CMD curl x',
      { command: { form: 'shell', line: 'curl x' }, interval: 9e10, timeout: 3e9, retries: 2 },
    ],
    ['SHELL ["/bin/bash", "-c"]', { words: ['/bin/bash', '-c'] }],
    ['workdir /x y', { kind: 'WORKDIR', keyword: 'workdir', value: '/x y' }],
    ['MAINTAINER a b', { value: 'a b' }],
    ['STOPSIGNAL SIGINT', { value: 'SIGINT' }],
    ['ONBUILD COPY . /x', { trigger: 'COPY . /x' }],
  ])('%s', (line, expected) => {
    expect(only(line)).toMatchObject(expected);
  });

  it.each([
    ['FROM a AS B\nFROM b', { stage: 'b', as: ['AS', 'B'] }],
    ['FROM --platform=$X a', { platform: '$X', image: 'a' }],
  ])('%j', (text, expected) => {
    expect(parse(text).instructions[0]).toMatchObject(expected);
  });

  it.each([
    ['RUM x', '"RUM" is not an instruction (did you mean RUN?)', 2, 1],
    ['COPY --form=x a b', 'no flag --form (did you mean --from?)', 2, 6],
    ['COPY --link --link a b', '--link is given twice', 2, 13],
    ['COPY a', 'at least one source and a destination', 2, 1],
    ['COPY a <<E\nE', 'cannot be a here-document', 2, 1],
    ['RUN --network=x y', 'default, none or host', 2, 5],
    ['ENV a', 'a name and a value', 2, 1],
    ['ENV a=b c', 'not of the form name=value', 2, 1],
    ['ENV', 'names nothing', 2, 1],
    ['ARG =x', 'has no name', 2, 1],
    ['CMD [1]', 'strings only', 2, 1],
    ['SHELL sh', 'takes a list', 2, 1],
    ['HEALTHCHECK --interval=x CMD y', 'not a duration', 2, 13],
    ['HEALTHCHECK NONE x', 'no operands', 2, 1],
    ['HEALTHCHECK CMD', 'names no command', 2, 1],
    ['ONBUILD ONBUILD RUN x', 'cannot keep ONBUILD', 2, 1],
    ['ONBUILD FROM x', 'cannot keep FROM', 2, 1],
    ['USER', 'needs an operand', 2, 1],
    ['USER --x y', 'no flag --x', 2, 6],
  ])('%j is refused where it stands', (line, message, row, column) => {
    const error = failureOf(`FROM scratch\n${line}`);
    expect(error.message).toContain(message);
    expect(error.source).toMatchObject({ line: row, col: column });
    expect(error.excerpt.length).toBeGreaterThan(1);
  });

  it.each([
    ['', 'no instructions'],
    ['# only this', 'no instructions'],
    ['FROM', 'names no image'],
    ['FROM a b', 'and "AS" and a name'],
    ['FROM a AS 1x', 'not a name for a stage'],
  ])('%j is refused', (text, message) => {
    expect(failureOf(text).message).toContain(message);
  });
});
