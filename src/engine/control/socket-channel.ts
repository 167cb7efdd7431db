// A control channel over a socket of Node's.

import { connect, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { PushIterable } from '../../base/async.ts';
import type { ControlChannel } from './connection.ts';

/** ECONNRESET: the listener closed while the connection stood in its queue. */
const NOBODY: readonly (string | undefined)[] = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET'];

/** Undefined: nobody listens there, or not any more. */
export function connectTo(path: string): Promise<ControlChannel | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const fail = (error: NodeJS.ErrnoException) => {
      if (NOBODY.includes(error.code)) resolve(undefined);
      else reject(error);
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.removeListener('error', fail);
      resolve(openSocketChannel(socket));
    });
  });
}

/** Takes over a connected socket. */
function openSocketChannel(socket: Socket): ControlChannel {
  const lines = new PushIterable<string>();
  const decoder = new StringDecoder('utf8');
  let pending = '';
  socket.on('data', (chunk: Buffer) => {
    const whole = (pending + decoder.write(chunk)).split('\n');
    pending = whole.pop() ?? '';
    for (const line of whole) lines.push(line);
  });
  socket.on('error', (error) => lines.fail(error));
  socket.on('close', () => lines.end());
  return {
    lines: () => lines,
    send: (line) => void socket.write(line),
    close() {
      socket.destroy();
      lines.end();
    },
  };
}
