// Which steps are done again after which change: ours by the golden files, and Docker's by the same ones where it is.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testGoldenFiles } from '../../golden/golden-file.ts';
import { listDone, parseCacheCase, stepName } from './cache-case.ts';
import { cacheDifferences } from './cache-differences.ts';
import { writeContext } from './case.ts';
import { buildWithDocker } from './docker-build.ts';
import { dockerVersion, isOfToday, missing } from './docker-builder.ts';
import { useDocker } from './docker-laboratory.ts';
import { Laboratory } from './laboratory.ts';

const cases = join(dirname(fileURLToPath(import.meta.url)), 'cache-cases');
const makeSalt = () => randomBytes(8).toString('hex');
const asLines = (steps: readonly string[]) => steps.map((step) => `${step}\n`).join('');

/** The files keep their places: a context is known by its path too. */
function prepare(input: string) {
  const { first, second } = parseCacheCase(input, makeSalt());
  return { first, second, rewrite: (context: string) => writeContext(context, second) };
}

describe('what is done again', () => {
  const laboratory = new Laboratory();

  beforeAll(() => laboratory.makeBase());
  afterAll(() => laboratory.close());

  testGoldenFiles('../conformance/dockerfile/cache-cases', (input) => {
    const { first, second, rewrite } = prepare(input);
    return laboratory.withContext(first, async (context) => {
      await laboratory.build(context, first, basename(context));
      rewrite(context);
      const done: string[] = [];
      await laboratory.build(context, second, basename(context), (event) => {
        if (event.type === 'step' && event.phase === 'started') done.push(stepName(event.title));
      });
      return asLines(done);
    });
  });
});

describe.skipIf(!isOfToday)(`what Docker ${dockerVersion} does again${missing}`, () => {
  const { laboratory, docker } = useDocker();

  for (const file of readdirSync(cases).sort()) {
    const [input = '', expected] = readFileSync(join(cases, file), 'utf8').split(/^-{10}\n/m);
    const name = basename(file, '.golden');
    const title = name.replaceAll('-', ' ');
    const reason = cacheDifferences.get(name);
    if (reason !== undefined) {
      it.skip(`${title} (${reason})`, () => undefined);
      continue;
    }
    it.concurrent(title, { timeout: 240_000 }, () => {
      const { first, second, rewrite } = prepare(input);
      return laboratory.withContext(first, async (context) => {
        await buildWithDocker(docker(), context, first);
        rewrite(context);
        const { progress } = await buildWithDocker(docker(), context, second);
        expect(asLines(listDone(progress))).toBe(expected);
      });
    });
  }
});
