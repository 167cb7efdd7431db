import { describe, expect, it } from 'vitest';
import { type AttachOptions, attachedUp } from '../../../src/app/attached-up.ts';
import { createScenario, type Scenario } from './scenario.ts';

const compose = `
services:
  db: {image: db}
  seed:
    image: seed
    depends_on: [db]
  web:
    image: web
    depends_on:
      db: {condition: service_started}
      seed: {condition: service_completed_successfully}
  tests: {image: tests}
`;

const nothing: AttachOptions = { attach: [], noAttach: [], attachDependencies: false };

/** Starts, and comes back once everything that is to run does. */
async function start(scenario: Scenario, attach: Partial<AttachOptions> = {}, services: string[] = []) {
  const result = attachedUp(scenario.context, { services }, { ...nothing, ...attach });
  result.catch(() => undefined);
  await settle();
  return { exitCode: result.then((ended) => ended.exitCode) };
}

/** Lets everything run that waits for nothing from outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('an attached up', () => {
  it('shows what containers print until all have ended, each end after the last line before it', async () => {
    const scenario = createScenario(compose);
    const { engine } = scenario;
    const run = await start(scenario);
    engine.print('project-web-1', 'ready');
    await settle();
    engine.print('project-db-1', 'bye');
    engine.end('project-db-1', 0);
    for (const name of ['seed', 'web', 'tests']) engine.end(`project-${name}-1`, name === 'web' ? 3 : 0);
    expect(await run.exitCode).toBe(0);
    expect(scenario.shown()).toEqual(
      expect.arrayContaining(['web: ready', 'db: bye', 'db exited 0', 'web exited 3']),
    );
    expect(scenario.shown().indexOf('db: bye')).toBeLessThan(scenario.shown().indexOf('db exited 0'));
    expect(engine.executed.filter((step) => step.startsWith('stop'))).toEqual([]);
  });

  it('does not show what was printed before it began', async () => {
    const scenario = createScenario(compose);
    const first = await start(scenario, {}, ['tests']);
    scenario.engine.print('project-tests-1', 'old');
    // It prints a millisecond ahead of the clock.
    for (const printed = Date.now() + 1; Date.now() <= printed; ) await settle();
    scenario.interrupt();
    await first.exitCode;

    const { engine, ...again } = createScenario(compose);
    const second = await start(
      { ...again, engine, context: { ...again.context, engine: () => scenario.context.engine('read') } },
      {},
      ['tests'],
    );
    scenario.engine.print('project-tests-1', 'new');
    scenario.engine.end('project-tests-1', 0);
    await second.exitCode;
    expect(again.shown()).toEqual(['tests: new', 'tests exited 0']);
  });

  it('shows every one of several lines of the same instant', async () => {
    const scenario = createScenario(compose);
    const run = await start(scenario, {}, ['tests']);
    scenario.engine.print('project-tests-1', 'one');
    await settle();
    scenario.engine.print('project-tests-1', 'two', 0);
    scenario.engine.end('project-tests-1', 0);
    scenario.engine.print('project-tests-1', 'three', 0);
    await run.exitCode;
    expect(scenario.shown()).toEqual(['tests: one', 'tests: two', 'tests: three', 'tests exited 0']);
  });

  it('goes on when a container is started again by its policy', async () => {
    const scenario = createScenario(compose);
    const run = await start(scenario, {}, ['tests']);
    scenario.engine.change('project-tests-1', { state: 'restarting', exitCode: 1 });
    scenario.engine.change('project-tests-1', { state: 'running', restartCount: 1 });
    await settle();
    scenario.engine.end('project-tests-1', 2);
    expect(await run.exitCode).toBe(0);
    expect(scenario.shown()).toEqual(['tests exited 1 restarting', 'tests exited 2']);
  });

  it('ends with the services that were named, whatever their dependencies do', async () => {
    const scenario = createScenario(compose);
    const run = await start(scenario, {}, ['web']);
    scenario.engine.print('project-db-1', 'quiet');
    scenario.engine.end('project-web-1', 0);
    expect(await run.exitCode).toBe(0);
    expect(scenario.shown()).toEqual(['web exited 0']);
  });

  it('shows dependencies too if asked', async () => {
    const scenario = createScenario(compose);
    const run = await start(scenario, { attachDependencies: true }, ['web']);
    scenario.engine.print('project-db-1', 'loud');
    for (const name of ['seed', 'db', 'web']) scenario.engine.end(`project-${name}-1`, 0);
    await run.exitCode;
    expect(scenario.shown()).toContain('db: loud');
  });

  it('leaves out what --no-attach and attach: false name', async () => {
    const scenario = createScenario(compose.replace('{image: db}', '{image: db, attach: false}'));
    const run = await start(scenario, { noAttach: ['web'] });
    for (const name of ['db', 'web', 'seed', 'tests']) {
      scenario.engine.print(`project-${name}-1`, 'line');
      scenario.engine.end(`project-${name}-1`, 0);
    }
    await run.exitCode;
    expect(scenario.shown().sort()).toEqual(['seed exited 0', 'seed: line', 'tests exited 0', 'tests: line']);
  });
});

describe('--abort-on-container-exit', () => {
  it('stops the rest, and returns the code of the container that ended first', async () => {
    const scenario = createScenario(compose);
    const run = await start(scenario, { abortOn: 'exit' });
    scenario.engine.end('project-tests-1', 4);
    expect(await run.exitCode).toBe(4);
    expect(scenario.engine.executed.filter((step) => step.startsWith('stop'))).toHaveLength(3);
    expect(scenario.shown()).toContain('stopping because of container-exit');
  });

  it('takes the success of a one-shot that others wait for as part of the start', async () => {
    const scenario = createScenario(compose);
    const run = await start(scenario, { abortOn: 'exit' });
    scenario.engine.end('project-seed-1', 0);
    await settle();
    scenario.engine.end('project-tests-1', 5);
    expect(await run.exitCode).toBe(5);
  });

  it('with --exit-code-from returns the code of that service, 143 if it was stopped', async () => {
    const own = createScenario(compose);
    const ended = await start(own, { abortOn: 'exit', exitCodeFrom: 'tests' });
    own.engine.end('project-tests-1', 7);
    expect(await ended.exitCode).toBe(7);

    const other = createScenario(compose);
    const stopped = await start(other, { abortOn: 'exit', exitCodeFrom: 'tests' });
    other.engine.end('project-db-1', 1);
    expect(await stopped.exitCode).toBe(143);
  });

  it('on failure only lets a success pass', async () => {
    const scenario = createScenario(compose);
    const run = await start(scenario, { abortOn: 'failure' });
    scenario.engine.end('project-tests-1', 0);
    await settle();
    scenario.engine.end('project-web-1', 9);
    expect(await run.exitCode).toBe(9);
  });

  it('refuses a service that is not to be started, before anything is touched', async () => {
    const scenario = createScenario(compose);
    const run = attachedUp(scenario.context, { services: ['db'] }, { ...nothing, exitCodeFrom: 'web' });
    await expect(run).rejects.toMatchObject({ code: 'no-such-service' });
    expect(scenario.engine.executed).toEqual([]);
  });
});

describe('a second up', () => {
  it('does not take the ends of an earlier one for its own', async () => {
    const scenario = createScenario(compose);
    const first = await start(scenario);
    for (const name of ['db', 'seed', 'web', 'tests']) scenario.engine.end(`project-${name}-1`, 1);
    await first.exitCode;
    scenario.events.length = 0;
    const second = await start(scenario, { abortOn: 'exit' });
    expect(scenario.shown()).toEqual([]);
    scenario.engine.end('project-tests-1', 6);
    expect(await second.exitCode).toBe(6);
  });

  it('returns the code of a one-shot that is done for good', async () => {
    const once = `${compose}  job: {image: job, x-tcompose: {once: true}}\n`;
    const scenario = createScenario(once);
    const first = await start(scenario, {}, ['job']);
    scenario.engine.end('project-job-1', 0);
    await first.exitCode;
    const second = await start(scenario, { abortOn: 'exit', exitCodeFrom: 'job' });
    expect(await second.exitCode).toBe(0);
  });
});

describe('an interrupt', () => {
  it('stops dependents before what they depend on, and exits with 130', async () => {
    const scenario = createScenario(compose);
    const run = await start(scenario);
    scenario.interrupt();
    expect(await run.exitCode).toBe(130);
    const stops = scenario.engine.executed.filter((step) => step.startsWith('stop'));
    expect(stops).toHaveLength(4);
    expect(stops.indexOf('stop-container project-web-1')).toBeLessThan(
      stops.indexOf('stop-container project-db-1'),
    );
  });

  it('during the start stops what has been started', async () => {
    const scenario = createScenario(compose);
    const never = new Promise<void>(() => undefined);
    scenario.engine.before = (operation) => (operation.kind === 'await-condition' ? never : undefined);
    const run = await start(scenario);
    scenario.engine.before = () => undefined;
    scenario.interrupt();
    expect(await run.exitCode).toBe(130);
    expect(scenario.engine.executed).toContain('start-container project-db-1');
    expect(scenario.engine.executed).toContain('stop-container project-db-1');
    expect(scenario.engine.executed).not.toContain('start-container project-web-1');
  });

  it('that comes twice kills what does not stop', async () => {
    const scenario = createScenario(compose);
    const run = await start(scenario, {}, ['tests']);
    const never = new Promise<void>(() => undefined);
    scenario.engine.before = (operation) => (operation.kind === 'stop-container' ? never : undefined);
    scenario.interrupt();
    await settle();
    scenario.force();
    expect(await run.exitCode).toBe(130);
    expect(scenario.engine.executed.at(-1)).toBe('kill-container project-tests-1');
  });
});

describe('a dry run', () => {
  it('returns the plan and executes nothing', async () => {
    const scenario = createScenario(compose, { dryRun: true });
    const { outcome } = await attachedUp(scenario.context, {}, nothing);
    expect(outcome?.isDryRun).toBe(true);
    expect(outcome?.plan.nodes.length).toBeGreaterThan(4);
    expect(scenario.engine.executed).toEqual([]);
  });
});
