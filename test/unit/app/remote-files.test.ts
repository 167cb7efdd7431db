// When is the user asked about remote files, and what is used in the end?

import { describe, expect, it } from 'vitest';
import { fetchNeeded } from '../../../src/app/remote-files.ts';
import { TcError } from '../../../src/base/error.ts';
import { RemoteNeeded } from '../../../src/project/remote-needed.ts';

interface World {
  readonly accepted?: string;
  readonly now: string | 'unreachable';
  readonly answer: 'yes' | 'no' | 'nobody';
}

async function play({ accepted, now, answer }: World) {
  const done: string[] = [];
  const copyOf = (version: string) => ({ version, path: `/cache/${version}` });
  const remote = {
    accepted: async () => (accepted === undefined ? undefined : copyOf(accepted)),
    async resolve() {
      done.push('resolve');
      if (now === 'unreachable')
        throw new TcError('no route', { code: 'remote-failed', kind: 'environment' });
      return now;
    },
    async fetch(_: string, version: string) {
      done.push(`fetch ${version}`);
      return copyOf(version);
    },
  };
  const source = { file: '/p/compose.yaml', line: 1, col: 11 };
  const error = new RemoteNeeded([{ name: 'oci://h/x', source }]);
  try {
    await fetchNeeded(error, {
      engine: async () => ({ remote }),
      async ask(question) {
        done.push(question.includes('has changed') ? 'ask about the change' : 'ask');
        return answer;
      },
      keep: (name, path) => done.push(`use ${name} ${path}`),
      on: (event) => done.push(event.type === 'warning' ? `warn ${event.warning.code}` : event.type),
    });
  } catch (thrown) {
    const { code, source: place } = thrown as TcError;
    done.push(`${code} at ${place?.line}:${place?.col}`);
  }
  return done;
}

describe('a remote file', () => {
  it('is asked about before its host is', async () => {
    expect(await play({ now: 'v1', answer: 'yes' })).toEqual([
      'ask',
      'resolve',
      'fetch v1',
      'use oci://h/x /cache/v1',
    ]);
    expect(await play({ now: 'v1', answer: 'no' })).toEqual(['ask', 'remote-declined at 1:11']);
    expect(await play({ now: 'v1', answer: 'nobody' })).toEqual(['ask', 'remote-declined at 1:11']);
  });

  it('that was accepted is not asked about again', async () => {
    expect(await play({ accepted: 'v1', now: 'v1', answer: 'nobody' })).toEqual([
      'resolve',
      'use oci://h/x /cache/v1',
    ]);
  });

  it('that has changed is asked about; until somebody says yes, what was accepted is used', async () => {
    expect(await play({ accepted: 'v1', now: 'v2', answer: 'yes' })).toEqual([
      'resolve',
      'ask about the change',
      'fetch v2',
      'use oci://h/x /cache/v2',
    ]);
    expect(await play({ accepted: 'v1', now: 'v2', answer: 'nobody' })).toEqual([
      'resolve',
      'ask about the change',
      'warn remote-stale',
      'use oci://h/x /cache/v1',
    ]);
  });

  it('whose host cannot be reached is used as it was accepted, or is an error where it was named', async () => {
    expect(await play({ accepted: 'v1', now: 'unreachable', answer: 'yes' })).toEqual([
      'resolve',
      'warn remote-stale',
      'use oci://h/x /cache/v1',
    ]);
    expect(await play({ now: 'unreachable', answer: 'yes' })).toEqual([
      'ask',
      'resolve',
      'remote-failed at 1:11',
    ]);
  });

  it('leaves other errors alone', async () => {
    const request = {} as Parameters<typeof fetchNeeded>[1];
    expect(await fetchNeeded(new Error('x'), request)).toBe(false);
  });
});
