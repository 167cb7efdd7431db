// examples/node-postgres-redis over HTTP: jobs that go round through Debian's Node, Redis and PostgreSQL.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../scenario.ts';
import { buildTimeout, describeExample, Example } from './example.ts';

const site = 'http://127.0.0.1:8081';
/** The square of a prime: some hundred milliseconds of work. */
const hard = 94_906_247 ** 2;

interface Job {
  readonly id: number;
  readonly number: number;
  readonly state: 'waiting' | 'done';
  readonly factors?: readonly number[];
  readonly worker?: string;
}

/** On a connection of its own: one kept from before may have ended while this process waited for a command. */
function request(path: string, body?: string): Promise<Response> {
  const method = body === undefined ? {} : { method: 'POST', body };
  return fetch(`${site}${path}`, { ...method, headers: { connection: 'close' } });
}

async function ask(number: number): Promise<Job> {
  const response = await request('/jobs', JSON.stringify({ number }));
  expect(response.status).toBe(202);
  return (await response.json()) as Job;
}

async function show(id: number): Promise<Job | undefined> {
  const response = await request(`/jobs/${id}`);
  return response.status === 200 ? ((await response.json()) as Job) : undefined;
}

function finished(id: number): Promise<Job> {
  return eventually(
    `job ${id} is done`,
    async () => {
      const job = await show(id);
      return job?.state === 'done' ? job : undefined;
    },
    60,
  );
}

describeExample('node-postgres-redis', () => {
  let example: Example;

  beforeAll(async () => {
    example = await Example.build('node-postgres-redis');
    await example.finish('up', '-d', '--wait');
  }, buildTimeout);
  afterAll(async () => {
    example?.dispose();
    expect(await example?.leftovers()).toEqual({});
  });

  const query = (sql: string) => example.ok('run', '--rm', '-T', 'psql', '-At', '-c', sql).stdout.trim();
  const workers = () => example.ps('worker').map(({ ID }) => ID.slice(0, 12));

  it('starts what has no profile, the applications once db and redis are healthy', () => {
    const rows = example.ps().map(({ Service, State, Health }) => `${Service} ${State} ${Health}`.trim());
    expect(rows.sort()).toEqual([
      'db running healthy',
      'redis running healthy',
      'web running healthy',
      'worker running',
    ]);
  });

  it('takes a job over HTTP, has a worker do it, and shows what the database holds', async () => {
    const { id, state } = await ask(360);
    expect(state).toBe('waiting');
    const [worker = ''] = workers();
    expect(await finished(id)).toEqual({
      id,
      number: 360,
      state: 'done',
      factors: [2, 2, 2, 3, 3, 5],
      worker,
    });
    expect(query(`SELECT factors, worker FROM jobs WHERE id = ${id}`)).toBe(`{2,2,2,3,3,5}|${worker}`);
  });

  it('refuses what is no job', async () => {
    for (const body of ['{"number": 1}', '{"number": "x"}', 'x']) {
      expect((await request('/jobs', body)).status).toBe(400);
    }
  });

  it('lets nobody in who has not the password', () => {
    const outcome = example.run(
      'exec',
      '-T',
      '-e',
      'PGPASSWORD=wrong',
      'db',
      'psql',
      '-h',
      'db',
      '-U',
      'jobs',
    );
    expect(outcome.status).not.toBe(0);
    expect(outcome.stderr).toContain('password authentication failed');
  });

  it('shares the jobs between three workers', async () => {
    example.ok('scale', 'worker=3');
    await eventually(
      'all of them work',
      () => (example.ok('logs', 'worker').stdout.match(/ works$/gm)?.length ?? 0) >= 3,
    );
    const busy = new Set<string | undefined>();
    await eventually('all of them have worked', async () => {
      const ids: number[] = [];
      for (let n = 0; n < 9; n += 1) ids.push((await ask(hard)).id);
      const jobs = await Promise.all(ids.map(finished));
      for (const { factors } of jobs) expect(factors).toEqual([94_906_247, 94_906_247]);
      for (const { worker } of jobs) busy.add(worker);
      return busy.size >= 3;
    });
    expect(busy).toEqual(new Set(workers()));
  });

  it('gives a job whose worker was killed to another', async () => {
    example.ok('scale', 'worker=1');
    // Frozen before it has come to an end with them: a killed worker has to be in the middle of its work.
    const [id, behind] = await eventually('a worker is busy', async () => {
      const ids = [(await ask(hard)).id, (await ask(6)).id] as const;
      example.ok('pause', 'worker');
      if ((await show(ids[0]))?.state === 'waiting') return ids;
      example.ok('unpause', 'worker');
      return undefined;
    });
    example.ok('kill', 'worker');
    expect(query(`SELECT count(*) FROM jobs WHERE id = ${behind} AND factors IS NULL`)).toBe('1');
    example.ok('up', '-d', '--force-recreate', '--no-deps', 'worker');
    for (const job of [id, behind]) expect((await finished(job)).worker).toBe(workers()[0]);
  });

  it('has its jobs still when the database was restarted, and when it is in a new container', async () => {
    const count = Number(query('SELECT count(*) FROM jobs'));
    for (const command of [
      ['restart', 'db'],
      ['up', '-d', '--force-recreate', '--no-deps', 'db'],
    ]) {
      example.ok(...command);
      await eventually('the first job is there', async () => (await show(1))?.state === 'done', 60);
      expect(Number(query('SELECT count(*) FROM jobs'))).toBe(count);
    }
    await finished((await ask(77)).id);
  });
});
