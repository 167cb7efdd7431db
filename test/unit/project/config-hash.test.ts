import { describe, expect, it } from 'vitest';
import { hashService } from '../../../src/project/config-hash.ts';
import { loadProject } from '../../../src/project/load.ts';
import { createMemoryReader } from '../../conformance/memory-reader.ts';

function hash(service: string): string {
  const files = new Map([['/p/compose.yaml', `services: {db: {image: y}, web: {image: x, ${service}}}`]]);
  const options = { files: ['/p/compose.yaml'], cwd: '/p', profiles: ['*'], environment: {} };
  const web = loadProject(options, createMemoryReader(files)).services['web'];
  return web ? hashService(web) : 'no service';
}

describe('hashService', () => {
  it('is what Docker Compose computes, so that its containers are known', () => {
    expect(hash('ports: ["8080:80"], environment: {A: "<1>"}, command: [a, "b&c"]')).toBe(
      'fe84bd6d31651812474b4ef1bb9b1bd525b5b1f7ffa745b65cc707a09241ea11',
    );
  });

  it.each([
    'build: .',
    'pull_policy: always',
    'pull_policy: refresh, pull_refresh_after: 24h',
    'scale: 3',
    'deploy: {}',
    'depends_on: [db]',
    'profiles: [p]',
    'x-tcompose: {once: true}',
  ])('does not change with %s', (attribute) => {
    const base = attribute.startsWith('deploy') ? hash('deploy: {replicas: 4}') : hash('');
    expect(hash(attribute)).toBe(base);
  });

  it.each([
    'environment: {A: "1"}',
    'restart: always',
    'labels: {a: b}',
    'command: a',
    'tty: true',
    'user: u',
  ])('changes with %s', (attribute) => {
    expect(hash(attribute)).not.toBe(hash(''));
  });

  it('does not depend on the order of keys', () => {
    expect(hash('user: u, tty: true, environment: {A: "1", B: "2"}')).toBe(
      hash('environment: {B: "2", A: "1"}, tty: true, user: u'),
    );
  });
});
