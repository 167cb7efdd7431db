// examples/nginx-load-balancer as visitors see it, with Debian's nginx.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../scenario.ts';
import { buildTimeout, describeExample, Example } from './example.ts';

interface Answer {
  readonly version: string;
  readonly host: string;
  readonly visitor: string;
}

async function visit(): Promise<Answer> {
  const response = await fetch('http://127.0.0.1:8080/', { headers: { connection: 'close' } });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

async function visitOften(times: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let n = 0; n < times; n += 1) answers.push(await visit());
  return answers;
}

const share = (answers: readonly Answer[], version: string) =>
  answers.filter((answer) => answer.version === version).length / answers.length;

describeExample('nginx-load-balancer', () => {
  let example: Example;

  beforeAll(async () => {
    example = await Example.build('nginx-load-balancer');
    await example.finish('up', '-d', '--wait');
    await eventually('nginx listens', () => visit().catch(() => undefined));
  }, buildTimeout);
  afterAll(async () => {
    example?.dispose();
    expect(await example?.leftovers()).toEqual({});
  });

  it('builds an image once that two services have', () => {
    const rows = example
      .ok('images', '--format', 'json', 'stable', 'canary')
      .stdout.matchAll(/"ID":"([^"]+)"/g);
    const ids = [...rows].map(([, id]) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('shares visitors out as its configuration says, and tells the services who they are', async () => {
    const answers = await visitOften(200);
    expect(share(answers, '1.0')).toBeGreaterThan(0.6);
    expect(share(answers, '2.0')).toBeGreaterThan(0.1);
    for (const { visitor } of answers) expect(visitor).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });

  it('finds new replicas by their name, without a reload', async () => {
    const hosts = (answers: readonly Answer[]) =>
      new Set(answers.filter(({ version }) => version === '1.0').map(({ host }) => host)).size;
    expect(hosts(await visitOften(40))).toBe(1);
    example.ok('scale', 'stable=3');
    await eventually('three are asked', async () => hosts(await visitOften(40)) === 3 || undefined, 30);
    example.ok('scale', 'stable=1');
  });

  it('hides from visitors that the canary is down', async () => {
    example.ok('stop', 'canary');
    expect(share(await visitOften(60), '1.0')).toBe(1);
    example.ok('start', 'canary');
    await eventually(
      'it is asked again',
      async () => share(await visitOften(40), '2.0') > 0 || undefined,
      30,
    );
  });

  it('takes a changed configuration on SIGHUP: the file is mounted', async () => {
    const file = join(example.directory, 'nginx.conf');
    writeFileSync(file, readFileSync(file, 'utf8').replace('75% stable', '1% stable'));
    example.ok('kill', '-s', 'HUP', 'balancer');
    await eventually(
      'most see the canary',
      async () => share(await visitOften(40), '2.0') > 0.8 || undefined,
      30,
    );
  });

  it('ends on the signal of its image, as one that was asked to', () => {
    example.ok('stop', 'balancer');
    const balancer = example.ps().find(({ Service }) => Service === 'balancer');
    expect(balancer).toMatchObject({ State: 'exited', ExitCode: 0 });
  });
});
