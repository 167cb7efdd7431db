// Every instruction and flag of Dockerfiles, each with the image that it makes. The cases are golden files: what is built,
// a line of dashes, what comes of it.

import { afterAll, beforeAll, describe } from 'vitest';
import { testGoldenFiles } from '../../golden/golden-file.ts';
import { Laboratory } from './laboratory.ts';

const laboratory = new Laboratory();

beforeAll(() => laboratory.makeBase());
afterAll(() => laboratory.close());

describe('images of Dockerfiles', () => {
  testGoldenFiles('../conformance/dockerfile/cases', (input) => laboratory.examine(input));
});
