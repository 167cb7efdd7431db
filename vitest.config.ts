import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// `unit` is pure and runs anywhere. `host` starts containers: it needs root and runs one file at a time. forks, never
// threads: the addon starts processes.
/** An emulated machine is slower by far (scripts/test-vm.mjs). */
const hostTimeout = Number(process.env['TCOMPOSE_TEST_TIMEOUT'] ?? 120_000);

export default defineConfig({
  // As in the bundle: scripts/build.mjs.
  resolve: { alias: { yaml: join(import.meta.dirname, 'node_modules/yaml/browser/dist/index.js') } },
  test: {
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          testTimeout: 60_000,
          include: ['test/{unit,golden,architecture,property,conformance}/**/*.test.ts'],
          exclude: ['test/conformance/dockerfile/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'parity',
          include: ['test/parity/**/*.test.ts'],
          testTimeout: 120_000,
          maxConcurrency: 4,
        },
      },
      {
        extends: true,
        test: {
          name: 'host',
          include: ['test/{native,e2e}/**/*.test.ts', 'test/conformance/dockerfile/**/*.test.ts'],
          globalSetup: 'test/e2e/host-check.ts',
          fileParallelism: false,
          testTimeout: hostTimeout,
          hookTimeout: hostTimeout,
        },
      },
    ],
  },
});
