import { describe, expect, it } from 'vitest';
import {
  formatArguments,
  nameVariable,
  parseMessage,
  parseMetadata,
} from '../../../src/engine/provider/protocol.ts';

describe('messages', () => {
  it.each([
    ['{"type":"info","message":"50%"}', { type: 'info', message: '50%' }],
    ['{"type":"setenv","message":"URL=a=b"}', { type: 'setenv', name: 'URL', value: 'a=b' }],
    ['{"type":"rawsetenv","message":"K="}', { type: 'rawsetenv', name: 'K', value: '' }],
    ['{"type":"get-service-config"}', { type: 'get-service-config' }],
    ['{"type":"setenv","message":"URL"}', undefined],
    ['{"type":"shout","message":"x"}', undefined],
    ['{"type":"info","message":1}', undefined],
    ['null', undefined],
    ['hello', undefined],
  ])('%s', (line, message) => {
    expect(parseMessage(line)).toEqual(message);
  });

  it('name variables after the service, or as they are', () => {
    expect(nameVariable('db', { type: 'setenv', name: 'URL', value: '' })).toBe('DB_URL');
    expect(nameVariable('db', { type: 'rawsetenv', name: 'URL', value: '' })).toBe('URL');
  });
});

describe('arguments', () => {
  const call = { project: 'p', service: 'db', type: 'cloud', options: { size: 1, tag: ['a', 'b'] } } as const;
  const metadata = { description: 'd', up: { parameters: [{ name: 'size', required: true }] }, down: {} };

  it('are all options of a provider that says nothing of itself, else those it declares', () => {
    const all = ['--size=1', '--tag=a', '--tag=b'];
    expect(formatArguments({ ...call, command: 'up' }, parseMetadata('no json'))).toEqual([
      ...['compose', '--project-name=p', 'up', ...all, 'db'],
    ]);
    expect(formatArguments({ ...call, command: 'up' }, metadata)).toContain('--size=1');
    expect(formatArguments({ ...call, command: 'up' }, metadata)).not.toContain('--tag=a');
    expect(formatArguments({ ...call, command: 'down' }, metadata)).toEqual([
      'compose',
      '--project-name=p',
      'down',
      'db',
    ]);
  });

  it('are none for a `stop` that is not declared; what is required and missing is an error', () => {
    expect(formatArguments({ ...call, command: 'stop' }, metadata)).toBeUndefined();
    expect(formatArguments({ ...call, command: 'stop' }, { ...metadata, stop: {} })).toHaveLength(4);
    expect(() => formatArguments({ ...call, options: {}, command: 'up' }, metadata)).toThrow(
      /wants the option "size"/,
    );
  });
});
