// A socket for one step that passes on to the user's SSH agent: with an owner and a mode of its own, gone with the step.

import { constants } from 'node:fs';
import { chmod, chown, open, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';

export interface AgentSocket {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Resolves when it listens; what it resolves to ends it. */
export async function openAgent(
  agent: string,
  { path, uid, gid, mode }: AgentSocket,
): Promise<() => Promise<void>> {
  const connections = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(agent);
    for (const socket of [client, upstream]) {
      connections.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        connections.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  // By descriptor: the path may be longer than a socket's address can be.
  const directory = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(`/proc/self/fd/${directory.fd}/${basename(path)}`, resolve);
  }).finally(() => directory.close());
  await chown(path, uid, gid);
  await chmod(path, mode);
  return async () => {
    for (const socket of connections) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await unlink(path).catch(() => undefined);
  };
}
