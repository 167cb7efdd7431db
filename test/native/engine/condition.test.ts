// Order of start: what services wait for, and how a wait that cannot end is told.

import { afterEach, describe, expect, it } from 'vitest';
import { Stack } from './stack.ts';

let stack: Stack;
afterEach(() => stack.dispose());

const SUCCEEDS = "sh -c 'exit 0'";
const chain = (probe: string, job: string) => `
name: order
services:
  app:
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
    depends_on:
      store: {condition: service_healthy}
      job: {condition: service_completed_successfully}
  job:
    image: host
    command: ${job}
  store:
    image: host
    command: sh -c 'sleep 0.3; touch /tmp/ready; exec sleep 600'
    init: true
    stop_grace_period: 1s
    healthcheck: {test: ["CMD-SHELL", "${probe}"], interval: 100ms, retries: 2, start_period: 0s}
`;

describe('a service starts', () => {
  it('when what it depends on is healthy and completed', async () => {
    stack = new Stack(
      chain('test -e /tmp/ready', SUCCEEDS).replace(
        'start_period: 0s',
        'start_period: 20s, start_interval: 100ms',
      ),
    );
    await stack.up();
    const [app, job, store] = (await stack.state()).containers;
    expect([app?.state, job?.state, job?.exitCode, store?.health]).toEqual([
      'running',
      'exited',
      0,
      'healthy',
    ]);
    expect((job?.finishedAt ?? '') < (app?.startedAt ?? '')).toBe(true);
  });
});

describe('a service does not start', () => {
  it('when a job before it failed, and the error names job and code', async () => {
    stack = new Stack(chain('true', "sh -c 'exit 3'"));
    await expect(stack.up()).rejects.toThrow(
      /dependency of app failed to start: container order-job-1 exited \(3\)/,
    );
    expect((await stack.container('app')).state).toBe('created');
  });

  it('when what it needs is unhealthy, and the error shows what the probe said', async () => {
    stack = new Stack(chain('echo no such table; exit 1', SUCCEEDS));
    const failure = await stack.up().catch((error) => error);
    expect(failure.message).toMatch(/container order-store-1 is unhealthy/);
    expect(failure.hints.join('\n')).toMatch(/probe exited 1: no such table/);
  });
});

describe('up --wait', () => {
  it('is content with running, healthy and completed services', async () => {
    stack = new Stack(chain('true', SUCCEEDS));
    await stack.up({ wait: true });
    const { containers } = await stack.state();
    expect(containers.find((c) => c.service === 'store')?.health).toBe('healthy');
  });

  it('gives up after its timeout and says what was missing', async () => {
    stack = new Stack(
      chain('false', SUCCEEDS)
        .replace('start_period: 0s', 'start_period: 60s')
        .replace(/ {4}depends_on[\s\S]*?job: .*\n/, ''),
    );
    await expect(stack.up({ wait: true, waitTimeout: 5e8 })).rejects.toThrow(
      /service store is not healthy after 0.5 s/,
    );
  });
});
