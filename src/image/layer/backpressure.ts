// Writing to a stream at the speed of whoever reads it.

import type { Writable } from 'node:stream';

/** Resolves when there is room again, or nobody reads any more. Does not reject: an error is told by who owns the stream. */
export function waitForRoom(stream: Writable): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
