// Sends a name server at 127.0.0.11 what nobody sane would: mutated questions over UDP and TCP, streams cut anywhere,
// connections opened and left. node fuzz.mjs <seed>
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

let state = Number(process.argv[2]);
const random = (limit) => {
  // xorshift32
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
};

const seeds = [
  '1234010000010000000000010377656200000100010000291000000000000000',
  '123401000001000000000000037765620000010001',
  '12340100000100000000000002313102313104323031023130076936722d61646472046172706100000c0001',
  '1234010000010000000000000178076578616d706c650000010001',
].map((hex) => Buffer.from(hex, 'hex'));

function mutate() {
  let message = Buffer.from(seeds[random(seeds.length)]);
  for (let changes = random(5); changes > 0; changes -= 1) {
    const at = random(message.length + 1);
    const kind = random(4);
    if (kind === 0 && at < message.length) message[at] = random(256);
    if (kind === 1)
      message = Buffer.concat([
        message.subarray(0, at),
        Buffer.alloc(random(300), random(256)),
        message.subarray(at),
      ]);
    if (kind === 2) message = message.subarray(0, at);
    if (kind === 3) message = Buffer.concat([message, message.subarray(at)]);
  }
  return message;
}

const udp = createSocket('udp4');
for (let i = 0; i < 4000; i += 1) {
  const message = i % 100 === 0 ? Buffer.alloc(random(60_000), random(256)) : mutate();
  await new Promise((resolve) => udp.send(message, 53, '127.0.0.11', resolve));
}
udp.close();

async function stream() {
  const socket = connect(53, '127.0.0.11').on('error', () => {});
  socket.on('data', () => {});
  for (let i = random(8); i >= 0; i -= 1) {
    const message = mutate();
    const length = Buffer.alloc(2);
    length.writeUInt16BE(random(10) === 0 ? random(65_536) : message.length);
    const bytes = Buffer.concat([length, message]);
    const cut = random(bytes.length);
    socket.write(bytes.subarray(0, cut));
    await new Promise((resolve) => setImmediate(resolve));
    if (random(10) === 0) return socket.resetAndDestroy();
    socket.write(bytes.subarray(cut));
  }
  if (random(2)) socket.end();
  // Else it is left open, like a slow client's.
  setTimeout(() => socket.destroy(), 300);
}
for (let i = 0; i < 150; i += 1) await stream();
setTimeout(() => process.exit(0), 400);
