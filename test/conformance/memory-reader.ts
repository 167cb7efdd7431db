// FileReader over a map of absolute paths.

import type { FileReader } from '../../src/project/file-reader.ts';

export function createMemoryReader(files: ReadonlyMap<string, string>): FileReader {
  return {
    read(path) {
      const text = files.get(path);
      if (text !== undefined) return text;
      const isDirectory = [...files.keys()].some((file) => file.startsWith(`${path}/`));
      throw Object.assign(new Error(`no file ${path}`), { code: isDirectory ? 'EISDIR' : 'ENOENT' });
    },
    exists: (path) => files.has(path),
    realpath: (path) => path,
  };
}
