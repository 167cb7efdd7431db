// Takes one job at a time until it is told to stop.

import { hostname } from 'node:os';
import { connectQueue, database, finish, joinWorkers, take } from './jobs.mjs';

function factorize(number) {
  const factors = [];
  let rest = number;
  for (let divisor = 2; divisor * divisor <= rest; divisor += divisor === 2 ? 1 : 2) {
    while (rest % divisor === 0) {
      factors.push(divisor);
      rest /= divisor;
    }
  }
  return rest > 1 ? [...factors, rest] : factors;
}

const worker = hostname();
const queue = await connectQueue();
let isIdle = false;
let isStopping = false;

process.once('SIGTERM', () => {
  isStopping = true;
  if (isIdle) process.exit(0);
});

async function work() {
  isIdle = true;
  const job = await take(queue, worker);
  isIdle = false;
  if (job === undefined) return;
  const { rows } = await database.query('SELECT number FROM jobs WHERE id = $1', [job.id]);
  const factors = rows.length === 0 ? [] : factorize(Number(rows[0].number));
  await finish(queue, job, factors, worker);
  console.log(`job ${job.id}: ${factors.join(' x ')}`);
}

await joinWorkers(queue);
console.log(`${worker} works`);
while (!isStopping) {
  try {
    await work();
  } catch (error) {
    // Database or queue are away, as while they are restarted. The job is taken again later, by this worker or another.
    console.error(error.message);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
process.exit(0);
