// Names of images as users read them, and the patterns that choose among them.

import { describe, expect, it } from 'vitest';
import { filterImages } from '../../../src/app/image/filter.ts';
import { formatShortName, isExact, isInRepository, parseStoredName } from '../../../src/app/image/name.ts';
import { parseRegistryHost } from '../../../src/app/registry/host.ts';
import type { ImageSummary } from '../../../src/engine/ports.ts';

describe('names', () => {
  it.each([
    ['docker.io/library/mysql:5.7', 'mysql', '5.7', undefined],
    ['docker.io/grafana/loki:3', 'grafana/loki', '3', undefined],
    ['localhost:5000/app:1', 'localhost:5000/app', '1', undefined],
    ['localhost:5000/app@sha256:aa', 'localhost:5000/app', undefined, 'sha256:aa'],
    ['registry.lan/library/app:1', 'registry.lan/library/app', '1', undefined],
  ])('%s', (name, repository, tag, digest) => {
    expect(parseStoredName(name)).toEqual({
      repository,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    });
  });

  it('a port is no tag', () => {
    expect(isExact('localhost:5000/app')).toBe(false);
    expect(isExact('localhost:5000/app:1')).toBe(true);
    expect(isExact('app@sha256:aa')).toBe(true);
    expect(formatShortName('localhost:5000/app:1')).toBe('localhost:5000/app:1');
  });

  it('belong to a repository however it is written', () => {
    expect(isInRepository('docker.io/library/app:1', 'app')).toBe(true);
    expect(isInRepository('docker.io/library/app:1', 'docker.io/library/app')).toBe(true);
    expect(isInRepository('docker.io/library/app:1', 'library/app')).toBe(true);
    expect(isInRepository('docker.io/library/app2:1', 'app')).toBe(false);
    expect(isInRepository('localhost:5000/app:1', 'app')).toBe(false);
  });
});

describe('patterns', () => {
  const image = (name?: string) =>
    ({ labels: {}, size: 1, ...(name === undefined ? {} : { name }) }) as unknown as ImageSummary;
  const images = [
    image('docker.io/library/mysql:8'),
    image('docker.io/library/mysql:5.7'),
    image('docker.io/grafana/loki:3'),
    image('localhost:5000/team/app:1'),
    image(),
  ];
  const choose = (...references: string[]) =>
    filterImages(images, { references }).map(({ name = '' }) => formatShortName(name));

  it.each([
    ['mysql', ['mysql:8', 'mysql:5.7']],
    ['mysql:8', ['mysql:8']],
    ['docker.io/library/mysql', ['mysql:8', 'mysql:5.7']],
    ['my*', ['mysql:8', 'mysql:5.7']],
    ['*', ['mysql:8', 'mysql:5.7']],
    ['*/*', ['grafana/loki:3']],
    ['mysql:[0-6]*', ['mysql:5.7']],
    ['mysql:[^5]*', ['mysql:8']],
    ['mysql:5?7', ['mysql:5.7']],
    ['mysql:5\\.7', ['mysql:5.7']],
    ['mysql:5+7', []],
    ['localhost:5000/*/app', ['localhost:5000/team/app:1']],
  ])('%s', (pattern, found) => {
    expect(choose(pattern)).toEqual(found);
  });

  it('one of several suffices', () => {
    expect(choose('grafana/*', 'mysql:8')).toEqual(['mysql:8', 'grafana/loki:3']);
  });
});

describe('hosts of registries', () => {
  it.each([
    [undefined, 'docker.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['http://localhost:5000', 'localhost:5000'],
    ['ghcr.io', 'ghcr.io'],
  ])('%s', (text, host) => {
    expect(parseRegistryHost(text)).toBe(host);
  });

  it.each(['', 'a b', 'user@host', 'https://'])('not "%s"', (text) => {
    expect(() => parseRegistryHost(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
