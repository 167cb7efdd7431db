// The three streams of an exec. A pipe or a socket of the caller goes straight in. Everything else is copied through a
// pipe: a file or terminal that is passed in could be opened anew by the container with more rights than were given.

import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errnoOf } from '../../base/system-error.ts';
import type { Descriptor, Native } from '../../runtime/native.ts';
import type { ExecRequest } from '../ports.ts';

export interface ExecStreams {
  /** stdin, stdout, stderr: to be sent, then closed with `closeGiven`. */
  readonly given: readonly [Descriptor, Descriptor, Descriptor];
  /** The caller's side of what was made here. Closes every descriptor that is ours, given away or not. */
  closeGiven(): void;
  /** Resolves when all output has been copied. */
  drain(): Promise<void>;
  /** Gives up on what nobody will read or write any more. */
  close(): void;
}

export function openStreams(native: Native, request: ExecRequest): ExecStreams {
  const own: Descriptor[] = [];
  const ends: Socket[] = [];
  const copies: Promise<void>[] = [];
  const nothing = () => keep(openSync('/dev/null', 'r+'));
  const keep = (fd: Descriptor) => {
    own.push(fd);
    return fd;
  };
  const end = (fd: Descriptor, direction: 'readable' | 'writable') => {
    // Both are said: a pipe is read and written by default, and reading its writing end fails.
    const socket = new Socket({ fd, readable: direction === 'readable', writable: direction === 'writable' });
    ends.push(socket);
    return socket;
  };
  const input = (): Descriptor => {
    const direct = directDescriptor(native, request, 'stdin');
    if (direct !== undefined) return direct;
    const stream = request.stdin;
    if (stream === undefined || request.detach) return nothing();
    const { read, write } = native.pipe();
    // The caller's input may never end; the exec's end is not held up by it.
    copy(stream, end(write, 'writable'), { end: true }).catch(() => undefined);
    return keep(read);
  };
  const output = (name: 'stdout' | 'stderr'): Descriptor => {
    const direct = directDescriptor(native, request, name);
    if (direct !== undefined) return direct;
    const stream = request[name];
    if (stream === undefined || request.detach) return nothing();
    const { read, write } = native.pipe();
    copies.push(copy(end(read, 'readable'), stream, { end: false }));
    return keep(write);
  };
  return {
    given: [input(), output('stdout'), output('stderr')],
    closeGiven() {
      for (const fd of own.splice(0)) closeSync(fd);
    },
    drain: async () => {
      await Promise.all(copies);
    },
    close() {
      for (const socket of ends) socket.destroy();
    },
  };
}

function directDescriptor(
  native: Native,
  request: ExecRequest,
  name: 'stdin' | 'stdout' | 'stderr',
): Descriptor | undefined {
  const fd = request.descriptors?.[name] ?? request[name]?.fd;
  if (fd === undefined) return undefined;
  const kind = native.descriptorKind(fd);
  return kind === 'pipe' || kind === 'socket' ? fd : undefined;
}

/**
 * The far side closing early (a pager that quits) is an end, not a failure. `end`: `to` is ours and goes with `from`; what
 * the caller gave stays open, it may have more to say.
 */
export async function copy(from: Readable, to: Writable, options: { readonly end: boolean }): Promise<void> {
  try {
    await pipeline(from, to, options);
  } catch (error) {
    const ends = ['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];
    if (!ends.includes(errnoOf(error) ?? '')) throw error;
  }
}
