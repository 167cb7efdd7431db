// A process that loads or pulls one image: `node <bundle> load|pull <root> <archive or reference>`, in $TCOMPOSE_NATIVE
// the directory of the addon and of tcrun.

import { join } from 'node:path';
import { createImageStore } from '../../src/image/store.ts';

const [verb = '', root = '', source = ''] = process.argv.slice(2);
const directory = process.env['TCOMPOSE_NATIVE'] ?? '';
const addon = { exports: {} };
process.dlopen(addon, join(directory, 'tcompose.node'));
const store = createImageStore({
  root,
  native: addon.exports as never,
  executable: join(directory, 'tcrun'),
  host: () => Promise.reject(new Error('not here')),
  registries: { environment: {} },
});
await (verb === 'load' ? store.load(source) : store.pull(source));
