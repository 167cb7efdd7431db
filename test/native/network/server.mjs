// A service as it would run in a container: TCP, HTTP and UDP on the ports given, telling its name and its client.
// node server.mjs <name> <http port> [<echo port>]; the echo port echoes TCP streams and UDP datagrams.
import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';

const [name, httpPort, echoPort] = process.argv.slice(2);

const http = createHttpServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ name, client: request.socket.remoteAddress?.replace('::ffff:', '') }));
});
await new Promise((resolve) => http.listen(Number(httpPort), resolve));

if (echoPort) {
  const tcp = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise((resolve) => tcp.listen(Number(echoPort), resolve));
  const udp = createSocket('udp4');
  udp.on('message', (data, peer) =>
    udp.send(Buffer.from(`${name} ${peer.address} ${data}`), peer.port, peer.address),
  );
  await new Promise((resolve) => udp.bind(Number(echoPort), resolve));
}
process.stdin.on('end', () => process.exit(0)).resume();
console.log('ready');
