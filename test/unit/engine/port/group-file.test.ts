import { describe, expect, it } from 'vitest';
import {
  formatGroup,
  type GroupMember,
  parseGroup,
  selectSet,
} from '../../../../src/engine/port/group-file.ts';

const member = (id: string, running: boolean, health: GroupMember['health'] = 'none'): GroupMember => ({
  containerId: id,
  address: '10.1.0.2',
  port: 80,
  running,
  health,
});

describe('the file of a port group', () => {
  it('is one member a line, and reads back', () => {
    const members = [member('a', true, 'healthy'), member('b', false)];
    const text = 'tcompose-port-group 1\na 10.1.0.2 80 1 healthy\nb 10.1.0.2 80 0 none\n';
    expect(formatGroup(members)).toBe(text);
    expect(parseGroup(text)).toEqual(members);
  });

  it('of another format has no members that we know', () => {
    for (const text of ['', 'tcompose-port-group 2\na b c\n']) expect(parseGroup(text)).toEqual([]);
  });
});

describe('the set that serves a port', () => {
  const chosen = (...members: GroupMember[]) => selectSet(members).map(({ containerId }) => containerId);

  it('is the healthy, and running counts as that without a probe', () => {
    expect(chosen(member('a', true, 'healthy'), member('b', true, 'starting'), member('c', true))).toEqual([
      'a',
      'c',
    ]);
  });

  it('with none healthy is all that run', () => {
    expect(chosen(member('a', true, 'unhealthy'), member('b', true, 'starting'), member('c', false))).toEqual(
      ['a', 'b'],
    );
    expect(chosen(member('a', false, 'healthy'))).toEqual([]);
  });
});
