// examples/rabbitmq: Debian's broker by its management API, and messages from one program to another.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../scenario.ts';
import { buildTimeout, describeExample, Example } from './example.ts';

const account = { user: 'baker', password: 'correct horse', vhost: 'bakery' };
const management = 'http://127.0.0.1:15672/api';

function get(path: string, { user, password } = account): Promise<Response> {
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');
  return fetch(`${management}${path}`, {
    headers: { authorization: `Basic ${credentials}`, connection: 'close' },
  });
}

interface Queue {
  readonly durable: boolean;
  readonly messages?: number;
  readonly consumers?: number;
  readonly node: string;
}

async function queue(): Promise<Queue | undefined> {
  const response = await get(`/queues/${account.vhost}/orders`);
  return response.status === 200 ? ((await response.json()) as Queue) : undefined;
}

describeExample('rabbitmq', () => {
  let example: Example;

  beforeAll(async () => {
    example = await Example.build('rabbitmq', {
      RABBITMQ_USER: account.user,
      RABBITMQ_PASS: account.password,
      RABBITMQ_VHOST: account.vhost,
    });
    await example.finish('up', '-d', '--wait');
  }, buildTimeout);
  afterAll(async () => {
    example?.dispose();
    expect(await example?.leftovers()).toEqual({});
  });

  const publish = (...texts: string[]) => example.ok('run', '--rm', '-T', 'publisher', ...texts);
  const received = () =>
    [...example.ok('logs', '--no-log-prefix', 'consumer').stdout.matchAll(/^received (.*)$/gm)].map(
      ([, text]) => text,
    );

  it('is healthy by its own diagnostics, and has what its environment and its configs say', async () => {
    expect(example.container('rabbitmq-broker-1')).toMatchObject({ State: 'running', Health: 'healthy' });
    const limit = example.ok('exec', '-T', 'broker', 'rabbitmqctl', '-q', 'environment').stdout;
    expect(limit).toMatch(/vm_memory_high_watermark,\s*\{absolute,"256MB"\}/);
  });

  it('answers at its management port the one it knows, and nobody else', async () => {
    const overview = await get('/overview');
    expect(overview.status).toBe(200);
    expect(await overview.json()).toMatchObject({ node: 'rabbit@broker', product_name: 'RabbitMQ' });
    expect((await get('/overview', { ...account, password: 'wrong' })).status).toBe(401);
    expect((await get('/overview', { ...account, user: 'guest', password: 'guest' })).status).toBe(401);
    const vhosts = (await (await get('/vhosts')).json()) as { name: string }[];
    expect(vhosts.map(({ name }) => name)).toEqual([account.vhost]);
  });

  it('carries messages from the publisher to the consumer', async () => {
    publish('two cups', 'one plate');
    await eventually('they have come', () => received().length >= 2 || undefined);
    expect(received()).toEqual(['two cups', 'one plate']);
  });

  it(
    'has queue and messages still after a restart, and in a new container',
    async () => {
      example.ok('stop', 'consumer');
      publish('kept 1', 'kept 2', 'kept 3');
      for (const command of [
        ['restart', 'broker'],
        ['up', '-d', '--force-recreate', '--no-deps', 'broker'],
      ]) {
        await example.finish(...command);
        const found = await eventually(
          'the queue is there',
          async () => {
            const now = await queue().catch(() => undefined);
            return now?.messages === 3 ? now : undefined;
          },
          90,
        );
        expect(found).toMatchObject({ durable: true, node: 'rabbit@broker' });
      }
      example.ok('up', '-d', '--wait', 'consumer');
      await eventually('they have come', () => received().length >= 5 || undefined);
      expect(received().slice(-3)).toEqual(['kept 1', 'kept 2', 'kept 3']);
      await eventually('the queue is empty', async () => (await queue())?.messages === 0 || undefined);
    },
    buildTimeout,
  );

  it('ends in time on SIGTERM', () => {
    example.ok('stop', 'broker');
    expect(example.container('rabbitmq-broker-1')).toMatchObject({ State: 'exited', ExitCode: 0 });
  });
});
