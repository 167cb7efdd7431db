import { describe, expect, it } from 'vitest';
import { parseCacheFrom, parseCacheTo } from '../../../src/build/cache/cache-option.ts';

describe('cache_from', () => {
  it('is a registry, a directory, or an image', () => {
    const registry = { kind: 'registry', reference: 'host:5000/a/b:c' };
    expect(parseCacheFrom('type=registry,ref=host:5000/a/b:c', '/p')).toEqual(registry);
    expect(parseCacheFrom('host:5000/a/b:c', '/p')).toEqual(registry);
    expect(parseCacheFrom('type=local,src=cache', '/p')).toEqual({ kind: 'local', directory: '/p/cache' });
    expect(parseCacheFrom('"type=local","src=/a,b"', '/p')).toEqual({ kind: 'local', directory: '/a,b' });
  });

  it('is refused where something of it is not understood', () => {
    for (const [text, why] of [
      ['type=gha,scope=x', 'type=gha is not supported: registry and local are'],
      ['type=registry', 'type=registry needs ref='],
      ['type=local,src=', 'type=local needs src='],
      ['ref=x', 'it has no type'],
      ['type=registry,x', '"x" is not of the form key=value'],
      ['type=registry,ref=x,mode=max', 'there is no option mode'],
    ] as const)
      expect(() => parseCacheFrom(text, '/p')).toThrow(why);
  });
});

describe('cache_to', () => {
  const place = { kind: 'registry', reference: 'a:b' };

  it('holds the steps of the image, or all', () => {
    const plain = { kind: 'place', place, mode: 'min', ignoreError: false };
    expect(parseCacheTo('type=registry,ref=a:b', '/p')).toEqual(plain);
    expect(parseCacheTo('type=registry,ref=a:b,mode=max,ignore-error=true', '/p')).toEqual({
      ...plain,
      mode: 'max',
      ignoreError: true,
    });
    expect(parseCacheTo('type=registry,ref=a:b,image-manifest=true,oci-mediatypes=true', '/p')).toEqual(
      plain,
    );
    expect(parseCacheTo('type=local,dest=out', '/p')).toMatchObject({
      place: { kind: 'local', directory: '/p/out' },
    });
    expect(parseCacheTo('type=inline', '/p')).toEqual({ kind: 'inline' });
  });

  it('is refused where something of it is not understood', () => {
    expect(() => parseCacheTo('type=registry,ref=a,mode=all', '/p')).toThrow('mode is min or max, not "all"');
    expect(() => parseCacheTo('type=inline,ref=a', '/p')).toThrow('there is no option ref');
    expect(() => parseCacheTo('type=local,src=a', '/p')).toThrow('needs dest=');
  });
});
