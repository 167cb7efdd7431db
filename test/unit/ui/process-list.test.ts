import { describe, expect, it } from 'vitest';
import type { ContainerProcess } from '../../../src/engine/ports.ts';
import { renderProcesses } from '../../../src/ui/process-list.ts';

const now = new Date(2026, 4, 20, 12, 0, 0).getTime();
const daysAgo = (days: number) => new Date(now - days * 86_400_000).toISOString();

function process(changes: Partial<ContainerProcess>): ContainerProcess {
  return {
    pid: 10,
    parentPid: 9,
    uid: 0,
    startedAt: new Date(now - 100_000).toISOString(),
    cpuSeconds: 0,
    command: 'sleep 600',
    ...changes,
  };
}

const container = { service: 'web', number: 1 };
const cellsOf = (changes: Partial<ContainerProcess>) =>
  renderProcesses([{ container, processes: [process(changes)] }], now)
    .split('\n')[1]
    ?.split(/ {2,}/);

describe('renderProcesses', () => {
  it('has the columns of ps -ef behind service and replica', () => {
    const processes = [process({ user: 'root' }), process({ pid: 11, uid: 1000, terminal: 'pts/0' })];
    expect(renderProcesses([{ container, processes }], now)).toBe(
      [
        'SERVICE   #   UID    PID   PPID   C   STIME   TTY     TIME       CMD',
        'web       1   root   10    9      0   11:58   ?       00:00:00   sleep 600',
        'web       1   1000   11    9      0   11:58   pts/0   00:00:00   sleep 600',
        '',
      ].join('\n'),
    );
  });

  it('says nothing of nothing', () => {
    expect(renderProcesses([{ container, processes: [] }], now)).toBe('');
  });

  it('gives the share of the processor, and hours of its time', () => {
    const cells = cellsOf({ cpuSeconds: 3725.9, startedAt: new Date(now - 7_500_000).toISOString() });
    expect([cells?.[5], cells?.[8]]).toEqual(['49', '01:02:05']);
  });

  it.each([
    [0, '12:00'],
    [3, 'May17'],
    [365, '2025'],
  ])('gives the start of %i days ago as %s', (days, text) => {
    expect(cellsOf({ startedAt: daysAgo(days) })?.[6]).toBe(text);
  });

  it('keeps escape sequences from the terminal', () => {
    expect(cellsOf({ command: 'evil \u001b[2J\n' })?.[9]).toBe('evil ?[2J?');
  });
});
