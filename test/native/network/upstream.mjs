// A name server of the outside world, with the manners given: node upstream.mjs <address> <manner>. Prints `ready`, then
// for each question `<transport> <name> <id> <source port>`.
//   good: every name has the address 203.0.113.9      empty, servfail, refused, nxdomain: that, whatever is asked
//   silent: no answer at all                          big: 300 addresses, truncated over UDP
//   forge: answers of another id and to another question before the right one
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const [address, manner] = process.argv.slice(2);
const codes = { servfail: 2, nxdomain: 3, refused: 5 };

function questionEnd(message) {
  let at = 12;
  while (message[at] !== 0) at += 1 + message[at];
  return at + 5;
}

function nameOf(message) {
  const labels = [];
  for (let at = 12; message[at] !== 0; at += 1 + message[at]) {
    labels.push(message.toString('latin1', at + 1, at + 1 + message[at]));
  }
  return labels.join('.');
}

function answer(query, { count = 1, truncated = false } = {}) {
  const head = Buffer.from(query.subarray(0, questionEnd(query)));
  head.writeUInt16BE(0x8180 | (truncated ? 0x0200 : 0) | (codes[manner] ?? 0), 2);
  const records = manner in codes || manner === 'empty' || truncated ? 0 : count;
  head.writeUInt16BE(records, 6);
  head.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9]);
  return Buffer.concat([head, ...Array.from({ length: records }, () => record)]);
}

const report = (transport, query, port) =>
  console.log(`${transport} ${nameOf(query) || '.'} ${query.readUInt16BE(0)} ${port}`);

const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
udp.on('message', (query, peer) => {
  report('udp', query, peer.port);
  if (manner === 'silent') return;
  const right = answer(query, { truncated: manner === 'big' });
  if (manner === 'forge') {
    const otherId = Buffer.from(right);
    otherId.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xffff, 0);
    otherId[right.length - 1] = 66;
    const otherName = Buffer.from(right);
    otherName[13] ^= 1;
    otherName[right.length - 1] = 66;
    for (const forged of [otherId, otherName, right.subarray(0, 12), Buffer.from('x')]) {
      udp.send(forged, peer.port, peer.address);
    }
  }
  udp.send(right, peer.port, peer.address);
});

const tcp = createServer((socket) => {
  let input = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    input = Buffer.concat([input, chunk]);
    if (input.length < 2 || input.length < 2 + input.readUInt16BE(0)) return;
    const query = input.subarray(2, 2 + input.readUInt16BE(0));
    report('tcp', query, socket.remotePort);
    const reply = answer(query, { count: manner === 'big' ? 300 : 1 });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(reply.length);
    // In two parts, as the network may cut it.
    socket.write(Buffer.concat([length, reply.subarray(0, 20)]));
    setTimeout(() => socket.end(reply.subarray(20)), 20);
  });
});

await new Promise((resolve) => udp.bind(53, address, resolve));
await new Promise((resolve) => tcp.listen(53, address, resolve));
process.stdin.on('end', () => process.exit(0)).resume();
console.log('ready');
