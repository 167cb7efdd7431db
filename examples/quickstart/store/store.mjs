// A small durable key-value store over HTTP. Every write is on disk before it is answered: the data is written to a
// temporary file, synced and renamed over the old one.
//
//   GET  /values/NAME               the value, or 404
//   PUT  /values/NAME               sets it
//   PUT  /values/NAME?if-absent     sets it unless there is one; 200 or 412
//   POST /counters/NAME/increment   the new count

import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { createServer } from 'node:http';

const file = process.env.DATA_FILE;
const data = load();
let writes = Promise.resolve();

function load() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return { values: {}, counters: {} };
    throw error;
  }
}

function save() {
  writes = writes.then(async () => {
    const handle = await open(`${file}.new`, 'w', 0o600);
    await handle.writeFile(JSON.stringify(data));
    await handle.sync();
    await handle.close();
    await rename(`${file}.new`, file);
  });
  return writes;
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}

async function route(request) {
  const url = new URL(request.url, 'http://store');
  const [, kind, name, verb] = url.pathname.split('/');
  if (kind === 'health') return [200, 'ok'];
  if (kind === 'values' && request.method === 'GET') {
    return name in data.values ? [200, data.values[name]] : [404, 'no such value'];
  }
  if (kind === 'values' && request.method === 'PUT') {
    if (url.searchParams.has('if-absent') && name in data.values) return [412, data.values[name]];
    data.values[name] = await body(request);
    await save();
    return [200, data.values[name]];
  }
  if (kind === 'counters' && verb === 'increment' && request.method === 'POST') {
    data.counters[name] = (data.counters[name] ?? 0) + 1;
    const count = data.counters[name];
    await save();
    return [200, count];
  }
  return [404, 'not found'];
}

async function answer(request, response) {
  const [status, value] = await route(request).catch((error) => [500, error.message]);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value)}\n`);
}

const server = createServer((request, response) => void answer(request, response));

server.listen(7000, () =>
  console.log(`store listens on 7000, ${Object.keys(data.values).length} values in ${file}`),
);

process.on('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await writes;
  process.exit(0);
});
