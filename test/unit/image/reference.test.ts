import { describe, expect, it } from 'vitest';
import {
  formatFamiliarReference,
  formatReference,
  parseImageReference,
  parseRegistryReference,
} from '../../../src/image/reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('names in registries are normalised as Docker does', () => {
  const cases: [written: string, full: string, familiar?: string][] = [
    ['mysql', 'docker.io/library/mysql:latest', 'mysql:latest'],
    ['mysql:5.7', 'docker.io/library/mysql:5.7', 'mysql:5.7'],
    ['grafana/loki', 'docker.io/grafana/loki:latest', 'grafana/loki:latest'],
    ['docker.io/mysql', 'docker.io/library/mysql:latest', 'mysql:latest'],
    ['docker.io/library/mysql', 'docker.io/library/mysql:latest', 'mysql:latest'],
    ['index.docker.io/grafana/loki:2', 'docker.io/grafana/loki:2', 'grafana/loki:2'],
    ['docker.io/library/host:latest', 'docker.io/library/host:latest', 'host:latest'],
    ['host:latest', 'docker.io/library/host:latest', 'host:latest'],
    ['library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest', 'localhost:5000/app:latest'],
    ['Example.com/app', 'Example.com/app:latest', 'Example.com/app:latest'],
    ['UPPER/app', 'UPPER/app:latest', 'UPPER/app:latest'],
    ['ghcr.io/a/b/c:x_Y-1.2', 'ghcr.io/a/b/c:x_Y-1.2'],
    ['[::1]:5000/a/b', '[::1]:5000/a/b:latest'],
    ['127.0.0.1:5000/a__b/c-d--e.f', '127.0.0.1:5000/a__b/c-d--e.f:latest'],
    [`mysql@${digest}`, `docker.io/library/mysql@${digest}`, `mysql@${digest}`],
    [`mysql:5.7@${digest}`, `docker.io/library/mysql:5.7@${digest}`, `mysql:5.7@${digest}`],
  ];
  for (const [written, full, familiar] of cases) {
    it(`${written} is ${full}`, () => {
      const reference = parseRegistryReference(written);
      expect(formatReference(reference)).toBe(full);
      expect(formatFamiliarReference(reference)).toBe(familiar ?? full);
      expect(parseRegistryReference(full)).toEqual(reference);
    });
  }

  const refused = [
    '',
    ':tag',
    'UPPER',
    'a//b',
    'a/',
    '/a',
    '-a',
    'a-',
    'a..b',
    'a___b',
    'a:',
    'a:-x',
    `a:${'x'.repeat(129)}`,
    'a b',
    'a@sha256:abc',
    `a@sha512:${'a'.repeat(128)}`,
    `a@${digest.toUpperCase()}`,
    'a@sha256:../../etc/passwd',
    'http://example.com/a',
    'docker://a',
    'example.com:/a',
    'example.com:123456/a',
    'a'.repeat(64),
    `${'a/'.repeat(150)}a`,
    'a\nb',
    'ä',
  ];
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      expect(() => parseRegistryReference(text)).toThrow(expect.objectContaining({ name: 'TcError' }));
    });
  }
});

describe('transports win over names', () => {
  const cases: [string, object][] = [
    ['host', { kind: 'host' }],
    ['rootfs:/srv/root', { kind: 'rootfs', path: '/srv/root' }],
    ['rootfs:./a:b', { kind: 'rootfs', path: './a:b' }],
    ['docker-archive:a.tar', { kind: 'docker-archive', path: 'a.tar' }],
    ['docker-archive:a.tar:@2', { kind: 'docker-archive', path: 'a.tar', index: 2 }],
    ['oci:dir', { kind: 'oci', path: 'dir' }],
    ['oci:dir:docker.io/library/a:1', { kind: 'oci', path: 'dir', name: 'docker.io/library/a:1' }],
    ['oci-archive:/a.tar:x', { kind: 'oci-archive', path: '/a.tar', name: 'x' }],
    [digest, { kind: 'id', id: digest }],
  ];
  for (const [text, expected] of cases) {
    it(text.slice(0, 30), () => expect(parseImageReference(text)).toEqual(expected));
  }

  it('an archive member by name', () => {
    const reference = parseImageReference('docker-archive:a.tar:busybox:1');
    expect(reference).toMatchObject({ name: { repository: 'library/busybox', tag: '1' } });
  });

  it('the registry name of the same spelling is still to be had', () => {
    expect(parseImageReference('docker.io/library/oci:dir')).toMatchObject({ kind: 'registry', tag: 'dir' });
  });

  for (const text of ['oci:', 'rootfs:', 'docker-archive:', 'docker-archive:a.tar:@x', 'oci:a\0b']) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      expect(() => parseImageReference(text)).toThrow(/image reference/));
  }
});
