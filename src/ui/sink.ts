// The only place that writes to the process's standard streams.

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
  return createSink(process.stdout);
}

/** Progress, warnings, prompts, errors. */
export function standardError(): Sink {
  return createSink(process.stderr);
}

const watched = new WeakSet<NodeJS.WriteStream>();

function createSink(stream: NodeJS.WriteStream): Sink {
  if (!watched.has(stream)) {
    watched.add(stream);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(128 + 13);
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
