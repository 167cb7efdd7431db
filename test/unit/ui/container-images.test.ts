import { expect, it } from 'vitest';
import { renderContainerImages } from '../../../src/ui/container/container-images.ts';
import { describeSize, describeSizeSteadily } from '../../../src/ui/human-size.ts';
import { shortenReference, splitReference } from '../../../src/ui/image-name.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const container = (name: string, image: string, id: string) => ({
  name,
  image,
  inputs: { imageId: digest(id) },
});
const stored = (names: string[]) => ({
  names,
  platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  size: 27_449_999,
  created: '2025-12-31T23:00:00Z',
  tagged: '2026-01-01T00:00:00Z',
});

const rows = [
  {
    container: container('demo-db-1', 'db', 'a'),
    image: stored(['docker.io/library/x:9', 'docker.io/library/db:latest']),
  },
  { container: container('demo-db-2', 'db', 'a'), image: stored(['docker.io/library/db:latest']) },
  { container: container('demo-old-1', 'reg:5000/old:1', 'b'), image: stored([]) },
  { container: container('demo-web-1', 'host', 'c') },
] as never;
const now = Date.parse('2026-01-01T01:00:00Z');

it('the table is that of Docker Compose', () => {
  expect(renderContainerImages(rows, { format: 'table', quiet: false, now })).toBe(
    [
      'CONTAINER           REPOSITORY          TAG                 PLATFORM            IMAGE ID            SIZE                CREATED',
      'demo-db-1           db                  latest              linux/arm/v7        aaaaaaaaaaaa        27.4MB              2 hours ago',
      'demo-db-2           db                  latest              linux/arm/v7        aaaaaaaaaaaa        27.4MB              2 hours ago',
      'demo-old-1          <none>              <none>              linux/arm/v7        bbbbbbbbbbbb        27.4MB              2 hours ago',
      'demo-web-1          host                <none>              linux               cccccccccccc        0B                  N/A',
      '',
    ].join('\n'),
  );
});

it('ids are whole and each is said once; JSON is one array', () => {
  expect(renderContainerImages(rows, { format: 'table', quiet: true, now })).toBe(
    ['a', 'b', 'c'].map((digit) => `${digit.repeat(64)}\n`).join(''),
  );
  const [first, , , last] = JSON.parse(renderContainerImages(rows, { format: 'json', quiet: false, now }));
  expect(first).toEqual({
    ID: digest('a'),
    ContainerName: 'demo-db-1',
    Repository: 'db',
    Tag: 'latest',
    Platform: 'linux/arm/v7',
    Size: 27_449_999,
    Created: '2025-12-31T23:00:00Z',
    LastTagTime: '2026-01-01T00:00:00Z',
  });
  expect(Object.keys(last)).toEqual(['ID', 'ContainerName', 'Repository', 'Tag', 'Platform', 'Size']);
  expect(renderContainerImages([], { format: 'json', quiet: false, now })).toBe('[]\n');
});

it.each([
  [0, '0B', '0B'],
  [999, '999B', '999B'],
  [1000, '1kB', '1.0kB'],
  [999_499, '999kB', '999.5kB'],
  [999_500, '1MB', '1.0MB'],
  [27_449_999, '27.4MB', '27.4MB'],
  [1_234_567_890, '1.23GB', '1.2GB'],
])('%d bytes are %s, and %s while they change', (bytes, text, steady) => {
  expect(describeSize(bytes)).toBe(text);
  expect(describeSizeSteadily(bytes)).toBe(steady);
});

it('names are as people write them', () => {
  expect(shortenReference('docker.io/library/mysql:5.7')).toBe('mysql:5.7');
  expect(shortenReference('docker.io/grafana/loki:2')).toBe('grafana/loki:2');
  expect(shortenReference('docker.io/library/a/b:1')).toBe('library/a/b:1');
  expect(shortenReference('localhost:5000/library/mysql:1')).toBe('localhost:5000/library/mysql:1');
  expect(splitReference('localhost:5000/app:1')).toEqual({ repository: 'localhost:5000/app', tag: '1' });
  expect(splitReference('localhost:5000/app')).toEqual({ repository: 'localhost:5000/app', tag: '' });
  expect(splitReference('docker.io/library/app:1@sha256:ab')).toEqual({ repository: 'app', tag: '' });
});
