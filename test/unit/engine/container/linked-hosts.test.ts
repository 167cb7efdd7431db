import { describe, expect, it } from 'vitest';
import { formatLinkedHosts, replaceLinkedHosts } from '../../../../src/engine/container/linked-hosts.ts';
import type { ContainerRecord } from '../../../../src/engine/record/container-record.ts';

const record = (service: string, changes: Partial<ContainerRecord> = {}): ContainerRecord =>
  ({
    id: service.padEnd(64, '0'),
    name: `p-${service}-1`,
    project: 'p',
    service,
    number: 1,
    oneOff: false,
    createdAt: '2026-01-01T00:00:00Z',
    recorded: { name: service },
    endpoints: [{ networkId: 'n', ipv4: `10.0.0.${service.length}` }],
    ...changes,
  }) as ContainerRecord;

const linking = (...links: string[]) => record('web', { recorded: { name: 'web', links } as never });
const format = (from: ContainerRecord, ...others: ContainerRecord[]) =>
  formatLinkedHosts(from, new Map([from, ...others].map((each) => [each.id, each])));

describe('a link', () => {
  it('is a line with alias, id and name', () => {
    expect(format(linking('database:db'), record('database'))).toEqual([
      '10.0.0.8\tdb database0000 p-database-1\t# link',
    ]);
    expect(format(linking('database'), record('database'))[0]).toMatch(/\tdatabase database0000 /);
  });

  it('leads to the first replica, to the newer of two, and never to a one-off', () => {
    const second = record('database', { id: 'b'.repeat(64), name: 'p-database-2', number: 2 });
    const newer = record('database', { id: 'c'.repeat(64), createdAt: '2026-01-02T00:00:00Z' });
    const oneOff = record('database', { id: 'd'.repeat(64), number: 0, oneOff: true });
    expect(format(linking('database'), second, oneOff, record('database'), newer)[0]).toContain(
      'cccccccccccc',
    );
  });

  it('needs a network in common', () => {
    const elsewhere = record('database', { endpoints: [{ networkId: 'm', ipv4: '10.1.0.1' } as never] });
    expect(format(linking('database'), elsewhere)).toEqual([]);
  });

  it('has a line for each address family', () => {
    const both = record('database', {
      endpoints: [{ networkId: 'n', ipv4: '10.0.0.8', ipv6: 'fd00::8' } as never],
    });
    expect(format(linking('database'), both).map((line) => line.split('\t')[0])).toEqual([
      '10.0.0.8',
      'fd00::8',
    ]);
  });
});

describe('the lines of links', () => {
  it('are replaced, and no other line is touched', () => {
    const text = '127.0.0.1\tlocalhost\n10.0.0.8\tdb\t# link\n192.0.2.1 mine\n';
    expect(replaceLinkedHosts(text, ['10.0.0.9\tdb\t# link'])).toBe(
      '127.0.0.1\tlocalhost\n192.0.2.1 mine\n10.0.0.9\tdb\t# link\n',
    );
    expect(replaceLinkedHosts(text, [])).toBe('127.0.0.1\tlocalhost\n192.0.2.1 mine\n');
  });
});
