// examples/python-redis over HTTP: one counter, whichever replica answers and however often anything is made anew.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../scenario.ts';
import { buildTimeout, describeExample, Example } from './example.ts';

interface Answer {
  readonly hits: number;
  readonly host: string;
}

/** On a connection of its own, so that each is balanced anew. */
async function hit(): Promise<Answer> {
  const response = await fetch('http://127.0.0.1:8082/', { headers: { connection: 'close' } });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

describeExample('python-redis', () => {
  let example: Example;
  let last = 0;

  beforeAll(async () => {
    example = await Example.build('python-redis');
    await example.finish('up', '-d', '--wait');
  }, buildTimeout);
  afterAll(async () => {
    example?.dispose();
    expect(await example?.leftovers()).toEqual({});
  });

  /** The next hit is one more than the last. */
  async function goesOn(): Promise<Answer> {
    const answer = await hit();
    last += 1;
    expect(answer.hits).toBe(last);
    return answer;
  }

  it('counts from one', async () => {
    for (let n = 0; n < 3; n += 1) await goesOn();
  });

  it('counts once for three replicas behind one port', async () => {
    example.ok('scale', 'web=3');
    const replicas = example.ps('web').map(({ ID }) => ID.slice(0, 12));
    await eventually(
      'three are healthy',
      () => example.ps('web').filter(({ Health }) => Health === 'healthy').length === 3,
      60,
    );
    const hosts = new Set<string>();
    for (let n = 0; n < 40; n += 1) hosts.add((await goesOn()).host);
    expect(hosts).toEqual(new Set(replicas));
    example.ok('scale', 'web=1');
    await goesOn();
  });

  it('goes on when the application is changed and made anew: of its build one step is run again', async () => {
    const [before] = example.ps('web');
    const source = readFileSync(join(example.directory, 'app/app.py'), 'utf8');
    example.write('app/app.py', source.replace('{"hits"', '{"edition": 2, "hits"'));
    const { stderr } = example.ok('up', '-d', '--build', '--wait', 'web');
    expect(stderr.match(/^#\d+ DONE/gm)).toHaveLength(1);
    expect(example.ps('web')[0]?.ID).not.toBe(before?.ID);
    expect(await goesOn()).toMatchObject({ edition: 2 });
  });

  it('goes on over a restart of redis, and over down and up', async () => {
    example.ok('restart', 'redis');
    example.ok('up', '-d', '--wait', 'redis');
    await goesOn();
    example.ok('down');
    await expect(fetch('http://127.0.0.1:8082/')).rejects.toThrow();
    example.ok('up', '-d', '--wait');
    await goesOn();
  });

  it('begins anew after down -v', async () => {
    example.ok('down', '-v');
    example.ok('up', '-d', '--wait');
    last = 0;
    await goesOn();
  });
});
