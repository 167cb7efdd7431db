// Arbitrary Dockerfiles given to Docker and to us: both refuse one, or both make the same image of it. The seed is
// printed with what differs; TCOMPOSE_RANDOM_SEED and TCOMPOSE_RANDOM_CASES choose others, and more.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCase } from './case.ts';
import { compareImages } from './compare-images.ts';
import { dockerVersion, isOfToday, missing } from './docker-builder.ts';
import { useDocker } from './docker-laboratory.ts';
import { randomCase } from './random-case.ts';

const seed = Number(process.env['TCOMPOSE_RANDOM_SEED'] ?? 1);
const count = Number(process.env['TCOMPOSE_RANDOM_CASES'] ?? 24);

describe.skipIf(!isOfToday)(`arbitrary Dockerfiles as Docker ${dockerVersion} builds them${missing}`, () => {
  const { laboratory, docker } = useDocker();

  for (const [index, text] of fc.sample(randomCase, { seed, numRuns: count }).entries()) {
    it.concurrent(`number ${index} of seed ${seed}`, { timeout: 240_000 }, async () => {
      const { ours, theirs } = await compareImages(docker(), laboratory, parseCase(text));
      expect(ours, text).toEqual(theirs);
    });
  }
});
