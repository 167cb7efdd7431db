import { describe, expect, it } from 'vitest';
import type { LoggingConfig } from '../../../src/project/service-config.ts';
import type { ContainerInput } from '../../../src/runtime/container-input.ts';
import { logging as check } from '../../../src/runtime/log-checks.ts';
import { parseSyslogAddress, parseSyslogFacility } from '../../../src/runtime/log-syslog.ts';
import { expandTag, findStrangeField } from '../../../src/runtime/log-tag.ts';
import { computeLog, findLogServer } from '../../../src/runtime/logging.ts';

const input = (logging: LoggingConfig | undefined, logServer?: string) =>
  ({
    service: {
      name: 'web',
      labels: { tier: 'front', 'app.x': '1' },
      environment: { A: 'a', B: null },
      logging,
    },
    image: { id: `sha256:${'ab'.repeat(32)}`, reference: 'web:1', config: { Env: ['C=c=d'] }, layers: [] },
    identity: {
      id: 'c0ffee'.padEnd(64, '0'),
      name: 'demo-web-1',
      project: 'demo',
      service: 'web',
      number: 1,
    },
    host: { hostname: 'host' },
    paths: { bundle: '/b', runDir: '/r' },
    ...(logServer === undefined ? {} : { logServer }),
  }) as unknown as ContainerInput;

const path = '/b/log';

describe('computeLog', () => {
  it.each<[LoggingConfig | undefined, object]>([
    [undefined, { driver: 'json-file', path, maxSize: 0, maxFile: 1 }],
    [
      { options: { 'max-size': '1k', compress: 'true' } },
      { driver: 'json-file', path, maxSize: 1024, maxFile: 1 },
    ],
    [
      { options: { 'max-size': '10m', 'max-file': '3', compress: 'true' } },
      { driver: 'json-file', path, maxSize: 10_485_760, maxFile: 3, compress: true },
    ],
    [{ driver: 'local' }, { driver: 'json-file', path, maxSize: 20_971_520, maxFile: 5, compress: true }],
    [{ driver: 'none' }, { driver: 'none', path, maxSize: 0, maxFile: 1 }],
  ])('%j', (logging, expected) => {
    expect(computeLog(input(logging))).toEqual(expected);
  });

  it('puts what is asked for of labels and environment into every record', () => {
    const options = {
      labels: 'tier,none',
      'labels-regex': '^app\\.',
      env: 'A,B',
      'env-regex': '^C',
      tag: '{{.Name}}',
    };
    expect(JSON.parse(computeLog(input({ options })).attributes ?? '')).toEqual({
      tier: 'front',
      'app.x': '1',
      A: 'a',
      C: 'c=d',
      tag: 'demo-web-1',
    });
  });

  it('sends to a syslog server and keeps a bounded copy, unless told otherwise', () => {
    const options = {
      'syslog-address': 'tcp://logs:1514',
      'syslog-format': 'rfc5424micro',
      'syslog-facility': 'local3',
      tag: '{{ .ImageName }}/{{.ID}}',
    };
    expect(computeLog(input({ driver: 'syslog', options }, '10.0.0.9'))).toEqual({
      ...{ driver: 'json-file', path, maxSize: 20_971_520, maxFile: 5, compress: true },
      attributes: JSON.stringify({ tag: 'web:1/c0ffee000000' }),
      syslog: {
        transport: 'tcp',
        address: '10.0.0.9',
        port: 1514,
        format: 'rfc5424micro',
        facility: 19,
        tag: 'web:1/c0ffee000000',
        hostname: 'host',
      },
    });
    expect(computeLog(input({ driver: 'syslog', options: { 'cache-disabled': 'true' } }))).toMatchObject({
      driver: 'none',
      syslog: { transport: 'unix', address: '/dev/log', format: 'local', facility: 3, tag: 'c0ffee000000' },
    });
  });
});

describe('the words of the options', () => {
  it('addresses', () => {
    expect(parseSyslogAddress('unixgram:///run/x')).toEqual({ transport: 'unix', host: '/run/x' });
    expect(parseSyslogAddress('udp://[::1]')).toEqual({ transport: 'udp', host: '::1', port: 514 });
    for (const text of ['tcp+tls://x:1', 'udp://', 'tcp://x:0', 'x', ''])
      expect(parseSyslogAddress(text)).toBeUndefined();
    expect(findLogServer({ driver: 'syslog', options: { 'syslog-address': 'udp://nas' } })).toBe('nas');
    expect(
      findLogServer({ driver: 'syslog', options: { 'syslog-address': 'udp://10.0.0.1' } }),
    ).toBeUndefined();
    expect(findLogServer({ driver: 'json-file' })).toBeUndefined();
  });

  it('facilities and tags', () => {
    expect([parseSyslogFacility('kern'), parseSyslogFacility('local7'), parseSyslogFacility('5')]).toEqual([
      0, 23, 5,
    ]);
    expect(parseSyslogFacility('24')).toBeUndefined();
    expect(expandTag('a{{.DaemonName}}b', input(undefined))).toBe('atcomposeb');
    expect(findStrangeField('{{.Name}} {{.Colour}}')).toBe('{{.Colour}}');
  });

  it.each<[LoggingConfig, string, string]>([
    [{ driver: 'fluentd' }, 'driver', 'not supported'],
    [{ options: { 'max-file': '0' } }, 'options/max-file', '1 to 999'],
    [{ options: { 'syslog-format': 'rfc5424' } }, 'options/syslog-format', 'not supported'],
    [
      { driver: 'syslog', options: { 'syslog-address': 'tcp+tls://x' } },
      'options/syslog-address',
      'unix://PATH',
    ],
    [{ driver: 'local', options: { tag: '{{.X}}' } }, 'options/tag', 'means nothing'],
    [{ options: { 'env-regex': '(' } }, 'options/env-regex', 'regular expression'],
    [{ options: { mode: 'fast' } }, 'options/mode', 'blocking, non-blocking'],
  ])('%j is refused', (logging, place, text) => {
    const [finding] = check(logging);
    expect([finding?.path.join('/'), finding?.what]).toEqual([place, expect.stringContaining(text)]);
  });
});
