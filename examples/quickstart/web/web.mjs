// Answers GET / with this replica's host name and the number of hits that all replicas have had together.

import { createServer } from 'node:http';
import { hostname } from 'node:os';

const store = process.env.STORE_URL;

async function answer(request, response) {
  if (request.url === '/health') return response.end('ok\n');
  if (request.url !== '/') {
    response.statusCode = 404;
    return response.end('not found\n');
  }
  const hits = await fetch(`${store}/counters/hits/increment`, { method: 'POST' });
  const motto = await fetch(`${store}/values/motto`);
  response.setHeader('content-type', 'application/json');
  const body = {
    greeting: process.env.GREETING,
    motto: await motto.json(),
    host: hostname(),
    hits: await hits.json(),
  };
  return response.end(`${JSON.stringify(body)}\n`);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.statusCode = 502;
    response.end(`the store does not answer: ${error.message}\n`);
  });
});

server.listen(8080, () => console.log(`web listens on 8080 as ${hostname()}`));

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
