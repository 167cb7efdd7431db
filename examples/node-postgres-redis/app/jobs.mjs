// What web and worker share: the table of jobs in PostgreSQL, and the stream in Redis that says what is to be done.

import { readFileSync } from 'node:fs';
import pg from 'pg';
import redis from 'redis';

const stream = 'jobs';
const group = 'workers';
/** A job that a worker took and did not finish in this time is given to another one. */
const patience = 15_000;

export const database = new pg.Pool({ password: readFileSync(process.env.PGPASSWORD_FILE, 'utf8').trim() });
// An idle connection was lost; the next query opens another.
database.on('error', (error) => console.error(`database: ${error.message}`));

export async function connectQueue() {
  const queue = redis.createClient({ url: process.env.REDIS_URL });
  queue.on('error', (error) => console.error(`queue: ${error.message}`));
  await queue.connect();
  return queue;
}

/** Stores the job, then has it done. */
export async function ask(queue, number) {
  const { rows } = await database.query('INSERT INTO jobs (number) VALUES ($1) RETURNING id', [number]);
  const { id } = rows[0];
  try {
    await queue.xAdd(stream, '*', { id });
  } catch (error) {
    await database.query('DELETE FROM jobs WHERE id = $1', [id]);
    throw error;
  }
  return id;
}

export async function joinWorkers(queue) {
  try {
    await queue.xGroupCreate(stream, group, '0', { MKSTREAM: true });
  } catch (error) {
    if (!error.message.startsWith('BUSYGROUP')) throw error;
  }
}

/** One job: a new one, or one whose worker died; undefined where there was none for a while. */
export async function take(queue, worker) {
  const abandoned = await queue.xAutoClaim(stream, group, worker, patience, '0-0', { COUNT: 1 });
  const [entry] = abandoned.messages;
  if (entry) return { entry: entry.id, id: entry.message.id };
  const fresh = await queue.xReadGroup(group, worker, { key: stream, id: '>' }, { COUNT: 1, BLOCK: 5000 });
  const next = fresh?.[0].messages[0];
  return next && { entry: next.id, id: next.message.id };
}

/** Forgotten by the queue only once its result is stored. */
export async function finish(queue, job, factors, worker) {
  const text = 'UPDATE jobs SET factors = $2, worker = $3, finished = now() WHERE id = $1';
  await database.query(text, [job.id, factors, worker]);
  await queue.xAck(stream, group, job.entry);
}
