// node udp-client.mjs <address> <port> <text> [<count> [<source port>]]: sends datagrams one by one and prints each answer.
import { createSocket } from 'node:dgram';

const [address, port, text, count = '1', sourcePort = '0'] = process.argv.slice(2);
const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
let left = Number(count);
const send = () => socket.send(text, Number(port), address);
socket.on('message', (data) => {
  console.log(String(data));
  left -= 1;
  if (left > 0) send();
  else socket.close();
});
socket.bind(Number(sourcePort), send);
setTimeout(() => process.exit(1), 3000).unref();
