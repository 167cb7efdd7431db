import { describe, expect, it } from 'vitest';
import { describeObserved } from '../../../../src/engine/observe/observed-container.ts';
import type { ContainerRecord } from '../../../../src/engine/record/container-record.ts';
import type { MonitorStatus } from '../../../../src/engine/status/status.ts';

const record = {
  id: 'a',
  ports: [{ address: '0.0.0.0', port: 8080, target: 80, protocol: 'tcp', any: false }],
  exposed: ['80/tcp', '80/udp', '443/tcp'],
  endpoints: [{}],
} as unknown as ContainerRecord;

const publishes = (state: MonitorStatus['state'], lost = false) =>
  describeObserved(record, { status: { v: 1, id: 'a', state }, alive: !lost, lost }).publishers.length > 0;

describe('what a container publishes', () => {
  it('is there as long as its monitor holds the ports', () => {
    expect([publishes('running'), publishes('paused'), publishes('restarting')]).toEqual([true, true, true]);
  });

  it('is nothing before it was started, and after its end', () => {
    expect([publishes('created'), publishes('exited'), publishes('running', true)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('what a container exposes', () => {
  const exposed = (state: MonitorStatus['state'], changes: Partial<ContainerRecord> = {}) =>
    describeObserved(
      { ...record, ...changes },
      { status: { v: 1, id: 'a', state }, alive: true, lost: false },
    ).exposed;

  it('is what it does not publish, while it runs on networks of its own', () => {
    expect(exposed('running')).toEqual([
      { target: 80, protocol: 'udp' },
      { target: 443, protocol: 'tcp' },
    ]);
    expect(exposed('exited')).toBeUndefined();
    expect(exposed('running', { endpoints: [] })).toBeUndefined();
  });
});
