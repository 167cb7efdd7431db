// node stream-client.mjs <address> <port> <connections> <bytes>: sends that many random bytes on each connection to an
// echo server, ends its side, and compares what comes back before the other side ends. Prints `<connections> <bytes> ok`.
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const [address, port, connections, bytes] = process.argv.slice(2);

function talk() {
  const data = randomBytes(Number(bytes));
  const back = createHash('sha256');
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port: Number(port), allowHalfOpen: true });
    socket.on('error', reject);
    socket.on('data', (chunk) => back.update(chunk));
    socket.on('end', () => {
      const same = back.digest('hex') === createHash('sha256').update(data).digest('hex');
      if (same) resolve();
      else reject(new Error('what came back is not what was sent'));
    });
    socket.end(data);
  });
}

await Promise.all(Array.from({ length: Number(connections) }, talk));
console.log(`${connections} ${bytes} ok`);
