// A process of its own that pulls one image: `node <bundle> <root> <reference> <tcrun> <addon>`. Tells its events as lines.

import { createImageStore } from '../../../src/image/store.ts';

const [root = '', reference = '', executable = '', addon = ''] = process.argv.slice(2);
const module = { exports: {} };
process.dlopen(module, addon);

const store = createImageStore({
  root,
  native: module.exports as never,
  executable,
  host: () => Promise.reject(new Error('not in this test')),
  registries: { environment: {}, certificates: [], retryDelayMs: 1 },
});
const tell = (event: unknown) => process.stdout.write(`${JSON.stringify(event)}\n`);
try {
  await store.pull(reference, { on: tell });
} catch (error) {
  tell({ type: 'failed', ...(error as object), message: (error as Error).message });
  process.exitCode = 1;
}
