import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { diffServices, recordService } from '../../../src/plan/recorded.ts';
import { buildService, type ServiceWords } from './world.ts';

const digest = (text: string) => `hmac:${createHmac('sha256', 'key').update(text).digest('hex')}`;
const record = (words: ServiceWords) => recordService(buildService('web', words), digest);
const diff = (from: ServiceWords, to: ServiceWords) =>
  diffServices(record(from), record(to)).map(({ from: was, path, to: is }) => `${path}: ${was} -> ${is}`);

describe('the record of a service', () => {
  it("holds no value of an environment variable, nor of a hook's", () => {
    const text = JSON.stringify(
      record({
        environment: { TOKEN: 'secret', EMPTY: '', NONE: null },
        post_start: [{ command: ['x'], environment: { TOKEN: 'secret' } }],
        pre_stop: [{ command: ['x'], environment: { TOKEN: 'secret' } }],
        pre_start: [{ command: ['x'], environment: { TOKEN: 'secret' } }],
      }),
    );
    expect(text).not.toContain('secret');
    expect(text).toContain('TOKEN');
  });

  it('does not show that two variables have the same value', () => {
    const { environment } = record({ environment: { A: 'same', B: 'same' } });
    expect(environment['A']).not.toBe(environment['B']);
  });

  it('survives being written and read', () => {
    const words: ServiceWords = {
      environment: { A: 'x', B: null },
      command: ['a', 'b'],
      ports: [{ mode: 'ingress', target: 80, published: '80', protocol: 'tcp' }],
      networks: { default: null, front: { aliases: ['www'] } },
      healthcheck: { test: ['CMD', 'true'], interval: 5e9 },
      deploy: { replicas: 3, resources: { limits: { memory: 1024 } } },
    };
    const read = JSON.parse(JSON.stringify(record(words)));
    expect(diffServices(read, record(words))).toEqual([]);
  });

  it('leaves out what a single container does not feel', () => {
    const recorded = record({
      build: { context: '.' },
      pull_policy: 'always',
      scale: 3,
      profiles: ['x'],
      attach: false,
      develop: { watch: [] },
      env_file: [{ path: '/x', required: true }],
      depends_on: ['db'],
      tcompose: { once: true },
      extensions: { 'x-a': 1 },
      deploy: { mode: 'global', replicas: 3, labels: { a: 'b' }, restart_policy: { condition: 'any' } },
    });
    expect(Object.keys(recorded).sort()).toEqual([
      'command',
      'depends_on',
      'deploy',
      'entrypoint',
      'environment',
      'image',
      'labels',
      'name',
      'networks',
      'ports',
      'volumes',
    ]);
    expect(recorded.deploy).toEqual({ restart_policy: { condition: 'any' } });
  });
});

describe('the difference of two records', () => {
  it('takes absent, empty list and empty map for the same, but not for a command', () => {
    expect(diff({}, { dns: [], sysctls: {}, deploy: {}, volumes: [] })).toEqual([]);
    expect(diff({ command: null }, { command: [] })).toEqual(["command: (the image's) -> []"]);
    expect(diff({ entrypoint: ['x'] }, { entrypoint: null })).toEqual([
      'entrypoint: ["x"] -> (the image\'s)',
    ]);
  });

  it('names each member of maps', () => {
    expect(diff({ labels: { a: '1', b: '2' } }, { labels: { a: '1', b: '3', c: '4' } })).toEqual([
      'labels.b: 2 -> 3',
      'labels.c: undefined -> 4',
    ]);
  });

  it('pairs entries by what they are, not by where they stand', () => {
    const port = (published: string, target: number) => ({
      mode: 'ingress',
      target,
      published,
      protocol: 'tcp',
    });
    expect(diff({ ports: [port('80', 80)] }, { ports: [port('443', 443), port('8080', 80)] })).toEqual([
      'ports: undefined -> 443:443/tcp',
      'ports: 80:80/tcp -> 8080:80/tcp',
    ]);
  });

  it('shows spans and sizes as they are written', () => {
    expect(
      diff(
        { stop_grace_period: 10e9, mem_limit: 64 * 1024 ** 2 },
        { stop_grace_period: 90e9, mem_limit: 1024 ** 3 },
      ),
    ).toEqual(['mem_limit: 64m -> 1g', 'stop_grace_period: 10s -> 1m30s']);
  });

  it('never shows a secret', () => {
    expect(diff({ environment: { A: 'x' } }, { environment: { A: 'y', B: 'z' } })).toEqual([
      'environment.A: (changed) -> (changed)',
      'environment.B: undefined -> (changed)',
    ]);
  });
});
