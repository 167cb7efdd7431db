// The loader's window on this machine, apart from the loader: opening it loads nothing else.

import { createDiskReader } from '../project/disk-reader.ts';
import type { FileReader } from '../project/file-reader.ts';

export function createReader(): FileReader {
  return createDiskReader();
}
