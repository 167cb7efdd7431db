// FileReader over the real file system. Standard input is read once and kept, as a pipe cannot be read again.

import { readFileSync, realpathSync, statSync } from 'node:fs';
import type { FileReader } from './file-reader.ts';

export function createDiskReader(): FileReader {
  let standardInput: string | undefined;
  return {
    read(path) {
      if (path !== '-') return readFileSync(path, 'utf8');
      standardInput ??= readFileSync(0, 'utf8');
      return standardInput;
    },
    exists: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
    realpath(path) {
      try {
        return realpathSync(path);
      } catch {
        return path;
      }
    },
  };
}
