import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../../src/image/changes.ts';

describe('--change', () => {
  const cases: [string[], object, object?][] = [
    [['CMD ["a", "b"]'], { Cmd: ['a', 'b'] }],
    [['cmd echo hi there'], { Cmd: ['/bin/sh', '-c', 'echo hi there'] }],
    [['ENTRYPOINT ["/x"]'], { Entrypoint: ['/x'] }],
    [['ENV A=1 B="two words" C=three\\ words'], { Env: ['A=1', 'B=two words', 'C=three words'] }],
    [['ENV A one two'], { Env: ['A=one two'] }],
    [['ENV A=2'], { Env: ['B=x', 'A=2'] }, { Env: ['A=1', 'B=x'] }],
    [['EXPOSE 80 53/udp 8000-8010'], { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000-8010/tcp': {} } }],
    [['LABEL a=b "c d"=\'e f\''], { Labels: { a: 'b', 'c d': 'e f' } }],
    [['ONBUILD RUN x', 'ONBUILD RUN y'], { OnBuild: ['RUN x', 'RUN y'] }],
    [['USER app', 'STOPSIGNAL SIGINT'], { User: 'app', StopSignal: 'SIGINT' }],
    [['VOLUME ["/a", "/b"]', 'VOLUME /c'], { Volumes: { '/a': {}, '/b': {}, '/c': {} } }],
    [['WORKDIR /a', 'WORKDIR b'], { WorkingDir: '/a/b' }],
    [
      ['HEALTHCHECK --interval=1m30s --retries=2 CMD curl -f x'],
      { Healthcheck: { Test: ['CMD-SHELL', 'curl -f x'], Interval: 90e9, Retries: 2 } },
    ],
    [['HEALTHCHECK CMD ["x"]'], { Healthcheck: { Test: ['CMD', 'x'] } }],
    [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
  ];
  for (const [changes, expected, before = {}] of cases) {
    it(changes.join('; '), () => expect(applyChanges({ ...before }, changes)).toEqual(expected));
  }

  for (const change of [
    '',
    'RUN x',
    'CMD',
    'ENV A',
    'ENV =x',
    'EXPOSE web',
    'HEALTHCHECK x',
    'HEALTHCHECK --x=1 CMD y',
    'HEALTHCHECK --interval=x CMD y',
  ]) {
    it(`refuses ${JSON.stringify(change)}`, () => {
      expect(() => applyChanges({}, [change])).toThrow(
        expect.objectContaining({ code: 'invalid-change', exitCode: 2 }),
      );
    });
  }
});
