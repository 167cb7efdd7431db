// POST /jobs {"number": 360}, GET /jobs, GET /jobs/1.

import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { ask, connectQueue, database } from './jobs.mjs';

const queue = await connectQueue();

async function readBody(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 1000) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function show({ id, number, factors, worker }) {
  const job = { id: Number(id), number: Number(number), state: factors ? 'done' : 'waiting' };
  return factors ? { ...job, factors: factors.map(Number), worker } : job;
}

async function post(request) {
  const number = (await readBody(request))?.number;
  if (!Number.isSafeInteger(number) || number < 2) {
    return [400, { error: 'send {"number": N}, N a whole number from 2 to 2^53 - 1' }];
  }
  const id = await ask(queue, number);
  return [202, { id: Number(id), number, state: 'waiting' }, { location: `/jobs/${id}` }];
}

async function get(id) {
  const { rows } = await database.query('SELECT * FROM jobs WHERE id = $1', [id]);
  return rows.length === 0 ? [404, { error: `no job ${id}` }] : [200, show(rows[0])];
}

async function list() {
  const { rows } = await database.query('SELECT * FROM jobs ORDER BY id DESC LIMIT 20');
  return [200, { host: hostname(), jobs: rows.map(show) }];
}

async function check() {
  await Promise.all([database.query('SELECT 1'), queue.ping()]);
  return [200, { healthy: true }];
}

async function answer(request) {
  const [, id] = /^\/jobs\/(\d{1,18})$/.exec(request.url) ?? [];
  if (request.method === 'POST' && request.url === '/jobs') return post(request);
  if (request.method !== 'GET') return [405, { error: 'GET /jobs, GET /jobs/ID or POST /jobs' }];
  if (id) return get(id);
  if (request.url === '/health') return check();
  return request.url === '/jobs' ? list() : [404, { error: 'there is /jobs and /jobs/ID' }];
}

const server = createServer(async (request, response) => {
  const failed = (error) => {
    console.error(`${request.method} ${request.url}: ${error.message}`);
    return [503, { error: 'not now' }];
  };
  const [status, body, headers] = await answer(request).catch(failed);
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(`${JSON.stringify(body)}\n`);
});
server.listen(3000, () => console.log('web listens on port 3000'));

process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
