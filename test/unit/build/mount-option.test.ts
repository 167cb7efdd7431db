import { describe, expect, it } from 'vitest';
import { parseMountOption } from '../../../src/build/run/mount-option.ts';

const base = { readOnly: true, required: false };

describe('RUN --mount', () => {
  it.each([
    ['target=/x', { ...base, type: 'bind', target: '/x' }],
    [
      'type=bind,from=a,source=/s,dst=/x,rw',
      { type: 'bind', from: 'a', source: '/s', target: '/x', readOnly: false, required: false },
    ],
    [
      'type=cache,target=/c,sharing=locked,id=i,mode=0755,uid=1,gid=2',
      {
        type: 'cache',
        target: '/c',
        sharing: 'locked',
        id: 'i',
        mode: 0o755,
        uid: 1,
        gid: 2,
        readOnly: false,
        required: false,
      },
    ],
    ['type=cache,target=/c,ro', { ...base, type: 'cache', target: '/c' }],
    [
      'type=tmpfs,destination=/t,size=64m',
      { type: 'tmpfs', target: '/t', size: 64 * 1024 * 1024, readOnly: false, required: false },
    ],
    ['type=secret,id=s,required', { type: 'secret', id: 's', readOnly: true, required: true }],
    ['type=secret,id=s,env=E,required=false', { ...base, type: 'secret', id: 's', env: 'E' }],
    ['type=ssh', { ...base, type: 'ssh' }],
    ['type=bind,"source=a,b",target=/x', { ...base, type: 'bind', source: 'a,b', target: '/x' }],
    ['TYPE=Cache,Target=/x', { ...base, type: 'cache', target: '/x', readOnly: false }],
  ])('%s', (text, expected) => {
    expect(parseMountOption(text)).toEqual(expected);
  });

  it.each([
    ['type=volume,target=/x', 'is not a type of a mount'],
    ['type=chache,target=/x', 'did you mean cache?'],
    ['type=cache', 'needs a target'],
    ['target', 'not of the form key=value'],
    ['type=bind,target=/x,size=1', 'has no "size"'],
    ['type=cache,target=/x,sharing=all', 'is not a sharing'],
    ['type=cache,target=/x,mode=9', 'is not a number'],
    ['type=tmpfs,target=/x,size=big', 'is not a size'],
    ['type=secret', 'needs an id or a target'],
    ['type=secret,id=a,src=b', 'give one'],
    ['type=secret,id=a,from=b', 'not from a stage'],
    ['from=$X,target=/x', 'takes no variables'],
    ['ro=maybe,target=/x', 'true or false'],
    ['tagret=/x', 'did you mean target?'],
  ])('%s is refused', (text, message) => {
    expect(() => parseMountOption(text)).toThrow(message);
  });
});
