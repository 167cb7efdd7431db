// What the command of a build step prints, read from its log as it is written.

import { join } from 'node:path';
import { parseLogLine } from '../log/log-line.ts';
import { LogSource } from '../log/log-source.ts';
import { DirectoryWaker } from '../watch/directory-waker.ts';

/** Resolves when the command has ended and all of its output was told. */
export async function followOutput(
  directory: string,
  ended: Promise<void>,
  tell: (stream: 'stdout' | 'stderr', text: string) => void,
): Promise<void> {
  const end = new AbortController();
  const waker = new DirectoryWaker([directory], end.signal);
  const settled = ended.finally(() => end.abort());
  const source = new LogSource(join(directory, 'log'));
  const drain = () => {
    for (const line of source.readLines()) {
      const record = parseLogLine(line, '');
      if (record) tell(record.stream, record.text);
    }
  };
  try {
    while (!end.signal.aborted) {
      drain();
      await waker.next();
    }
    drain();
  } finally {
    source.close();
    waker.close();
    await settled;
  }
}
