// Connects to a unix socket.

import { connect, type Socket } from 'node:net';

/** ECONNRESET: the listener closed while the connection stood in its queue. */
const NOBODY: readonly (string | undefined)[] = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET'];

/** Undefined: nobody listens there, or not any more. */
export function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const fail = (error: NodeJS.ErrnoException) => {
      if (NOBODY.includes(error.code)) resolve(undefined);
      else reject(error);
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.removeListener('error', fail);
      resolve(socket);
    });
  });
}
