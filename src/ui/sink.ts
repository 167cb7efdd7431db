// The only place that writes to the process's standard streams.

import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errnoOf } from '../base/system-error.ts';

/** Takes finished text. */
export interface Sink {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Size of the terminal; undefined if it is none. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

/** Data. A reader that went away (`| head`) ends the process without a word, as SIGPIPE would. */
export function standardOutput(): Sink {
  return isTerminal(1) ? streamSink(process.stdout) : new DescriptorSink(1);
}

/** Progress, warnings, prompts, errors. */
export function standardError(): Sink {
  return isTerminal(2) ? streamSink(process.stderr) : new DescriptorSink(2);
}

/** Major number of /dev/null and its like (Linux, Documentation/admin-guide/devices.txt). */
const memoryDevices = 1;

/** A look at the kind of file comes first, since it is free: loading `tty` for a pipe or /dev/null is not. */
export function isTerminal(fd: 0 | 1 | 2): boolean {
  try {
    const file = fstatSync(fd);
    return file.isCharacterDevice() && file.rdev >> 8 !== memoryDevices && isatty(fd);
  } catch {
    // Closed by whoever called: what is written goes nowhere.
    return false;
  }
}

/** Files and pipes, without Node's streams, which cost a start more than all that it has to say. */
class DescriptorSink implements Sink {
  readonly isTTY = false;
  readonly columns = undefined;
  readonly rows = undefined;
  readonly #fd: 1 | 2;
  #stream: Sink | undefined;

  constructor(fd: 1 | 2) {
    this.#fd = fd;
  }

  write(text: string): void {
    if (this.#stream) {
      this.#stream.write(text);
      return;
    }
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(this.#fd, bytes, at);
      } catch (error) {
        this.#recover(error, bytes.subarray(at).toString());
        return;
      }
    }
  }

  /** A pipe that somebody made non-blocking and that is full: Node's stream knows how to wait. */
  #recover(error: unknown, rest: string): void {
    const errno = errnoOf(error);
    if (errno === 'EPIPE') process.exit(brokenPipeExitCode);
    if (errno === 'EBADF') return;
    if (errno !== 'EAGAIN') throw error;
    this.#stream = streamSink(this.#fd === 1 ? process.stdout : process.stderr);
    this.#stream.write(rest);
  }
}

/** 128 + SIGPIPE. */
export const brokenPipeExitCode = 141;
const watched = new WeakSet<NodeJS.WriteStream>();

function streamSink(stream: NodeJS.WriteStream): Sink {
  if (!watched.has(stream)) {
    watched.add(stream);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(brokenPipeExitCode);
    });
  }
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
    get rows() {
      return stream.isTTY ? stream.rows : undefined;
    },
  };
}
