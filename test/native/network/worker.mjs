// Runs inside a network namespace of its own (`unshare --net`) and does there what the lab asks over IPC: calls the
// addon, runs commands, keeps containers (network-lab processes) and servers. Ends, with all of them, with its parent.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [addon, networkLab] = process.argv.slice(2);
const native = createRequire(import.meta.url)(addon);
const children = new Map();
let nextChild = 1;

function collect(stream) {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

function run({ command }) {
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout: stdout(), stderr: stderr() }));
  });
}

/** A process that is talked to line by line. Lines that nobody waits for are kept. */
function keep(child) {
  const lines = createInterface({ input: child.stdout });
  const waiting = [];
  const unread = [];
  lines.on('line', (line) => {
    const resolve = waiting.shift();
    if (resolve) resolve(line);
    else unread.push(line);
  });
  lines.on('close', () => {
    for (const resolve of waiting.splice(0)) resolve(undefined);
  });
  const key = nextChild++;
  children.set(key, { child, unread, nextLine: () => new Promise((resolve) => waiting.push(resolve)) });
  return key;
}

const operations = {
  native: ({ name, args }) => native[name](...args),
  run,
  container: ({ sockets }) => {
    const child = spawn(networkLab, [], { stdio: ['pipe', 'pipe', 'inherit', ...sockets] });
    return { key: keep(child), pid: child.pid };
  },
  /** Resolves with the first line that it prints. */
  serve: async ({ command, args }) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const key = keep(child);
    return { key, pid: child.pid, line: await children.get(key).nextLine() };
  },
  lines: ({ key }) => children.get(key).unread.splice(0),
  tell: ({ key, text }) => {
    children.get(key).child.stdin.write(`${text}\n`);
  },
  ask: ({ key, text }) => {
    const { child, nextLine } = children.get(key);
    const line = nextLine();
    child.stdin.write(`${text}\n`);
    return line;
  },
  stop: ({ key, signal }) => {
    const { child } = children.get(key);
    children.delete(key);
    const ended = new Promise((resolve) => child.on('exit', resolve));
    if (signal) child.kill(signal);
    else child.stdin.end();
    return ended;
  },
};

process.on('message', async ({ id, operation, request }) => {
  try {
    process.send({ id, value: await operations[operation](request) });
  } catch (error) {
    process.send({
      id,
      error: { message: error.message, errno: error.errno, syscall: error.syscall, path: error.path },
    });
  }
});
process.on('disconnect', () => {
  for (const { child } of children.values()) child.kill('SIGKILL');
  process.exit(0);
});
process.send({ id: 0 });
