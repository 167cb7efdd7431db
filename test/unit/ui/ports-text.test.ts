import { describe, expect, it } from 'vitest';
import type { ObservedContainer } from '../../../src/plan/observed-state.ts';
import { describePorts, listPorts } from '../../../src/ui/container/ports-text.ts';

const tcp = (target: number, published = target, address = '0.0.0.0') => ({
  address,
  published,
  target,
  protocol: 'tcp',
});

const renderPorts = (publishers: object[], exposed: object[] = []) =>
  describePorts(listPorts({ publishers, exposed } as unknown as ObservedContainer));

describe('the ports of a container', () => {
  it.each([
    [[tcp(80, 8080), tcp(80, 8080, '::')], [], '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp'],
    [[tcp(82), tcp(80), tcp(81)], [], '0.0.0.0:80-82->80-82/tcp'],
    [[tcp(80, 8080), tcp(81)], [], '0.0.0.0:81->81/tcp, 0.0.0.0:8080->80/tcp'],
    [[], [{ target: 5432, protocol: 'tcp' }], '5432/tcp'],
    [
      [tcp(15672, 8090)],
      [4369, 5671, 5672].map((target) => ({ target, protocol: 'tcp' })),
      '4369/tcp, 5671-5672/tcp, 0.0.0.0:8090->15672/tcp',
    ],
    [
      [tcp(80)],
      [
        { target: 81, protocol: 'tcp' },
        { target: 80, protocol: 'udp' },
      ],
      '80/udp, 0.0.0.0:80->80/tcp, 81/tcp',
    ],
  ])('%j and %j are %j', (publishers, exposed, text) => {
    expect(renderPorts(publishers, exposed)).toBe(text);
  });
});
