import { describe, expect, it } from 'vitest';
import { judgeCondition, judgeUpdate } from '../../../../src/engine/execute/condition.ts';
import type { MonitorStatus } from '../../../../src/engine/status/status.ts';
import type { DependencyCondition } from '../../../../src/project/service-config.ts';

const status = (more: Partial<MonitorStatus>): MonitorStatus => ({
  v: 1,
  id: 'x',
  state: 'running',
  ...more,
});
const health = (state: 'starting' | 'healthy' | 'unhealthy', output = '') => ({
  health: { status: state, log: [{ start: '', end: '', exitCode: 1, output }] },
});

const table: [DependencyCondition, Partial<MonitorStatus> | undefined, boolean, string][] = [
  ['service_started', undefined, true, 'pending'],
  ['service_started', undefined, false, 'was never started'],
  ['service_started', { state: 'created' }, true, 'pending'],
  ['service_started', { state: 'running' }, true, 'met'],
  ['service_started', { state: 'paused' }, true, 'met'],
  ['service_started', { state: 'restarting', exitCode: 1 }, true, 'pending'],
  ['service_started', { state: 'exited', exitCode: 0 }, false, 'met'],
  ['service_started', { state: 'exited', exitCode: 2 }, false, 'exited (2)'],
  [
    'service_started',
    { state: 'exited', exitCode: 137, error: 'monitor lost' },
    false,
    'ended: monitor lost',
  ],
  ['service_healthy', { state: 'running' }, true, 'has no healthcheck configured'],
  ['service_healthy', { state: 'running', ...health('starting') }, true, 'pending'],
  ['service_healthy', { state: 'running', ...health('healthy') }, true, 'met'],
  ['service_healthy', { state: 'running', ...health('unhealthy') }, true, 'is unhealthy'],
  ['service_healthy', { state: 'restarting', ...health('healthy') }, true, 'pending'],
  ['service_healthy', { state: 'exited', exitCode: 0 }, false, 'exited (0)'],
  [
    'service_healthy',
    { state: 'exited', exitCode: 137, oomKilled: true },
    false,
    'exited (137), out of memory',
  ],
  ['service_completed_successfully', { state: 'running' }, true, 'pending'],
  ['service_completed_successfully', { state: 'exited', exitCode: 0 }, true, 'met'],
  ['service_completed_successfully', { state: 'exited', exitCode: 0 }, false, 'met'],
  ['service_completed_successfully', { state: 'exited', exitCode: 1 }, false, 'exited (1)'],
  ['service_completed_successfully', { state: 'restarting', exitCode: 1 }, true, 'pending'],
];

describe('a condition', () => {
  it.each(table)('%s of %j, alive %s: %s', (condition, given, alive, expected) => {
    const verdict = judgeCondition(condition, given && status(given), alive);
    expect(verdict.is === 'failed' ? verdict.why : verdict.is).toBe(expected);
  });

  it('that fails for bad health shows the last lines of the last probes', () => {
    const verdict = judgeCondition(
      'service_healthy',
      status(health('unhealthy', 'a\nb\nc\nno such table\n')),
      true,
    );
    expect(verdict).toMatchObject({ hints: ['probe exited 1: b / c / no such table'] });
  });
});

const updates: [Partial<MonitorStatus> | undefined, boolean, string][] = [
  [undefined, true, 'pending'],
  [undefined, false, 'was never started'],
  [{ state: 'running' }, true, 'met'],
  [{ state: 'paused' }, true, 'met'],
  [{ state: 'running', ...health('starting') }, true, 'pending'],
  [{ state: 'running', ...health('healthy') }, true, 'met'],
  [{ state: 'running', ...health('unhealthy') }, true, 'is unhealthy'],
  [{ state: 'running', restartCount: 2 }, true, 'met'],
  [{ state: 'running', restartCount: 3 }, true, 'ended and was started again by its restart policy'],
  [{ state: 'restarting', exitCode: 1 }, true, 'exited (1)'],
  [{ state: 'exited', exitCode: 0 }, true, 'exited (0)'],
  [{ state: 'running' }, false, 'exited (?)'],
];

describe('a replica that an update watches', () => {
  it.each(updates)('%j, alive %s: %s', (given, alive, expected) => {
    const verdict = judgeUpdate(given && status(given), alive, 2);
    expect(verdict.is === 'failed' ? verdict.why : verdict.is).toBe(expected);
  });
});
