import { describe, expect, it } from 'vitest';
import { parseDigest } from '../../../src/image/digest.ts';
import {
  formatSteps,
  inlineMember,
  readSteps,
  type SharedStep,
  stepsType,
} from '../../../src/image/step-cache/steps-document.ts';

const digest = (digit: string) => parseDigest(`sha256:${digit.repeat(64)}`, 'a test');
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digest('a'), size: 7 };
const step: SharedStep = {
  keys: ['1'.repeat(64), '2'.repeat(64)],
  chainId: digest('b'),
  diffId: digest('c'),
  created: '2026-01-01T00:00:00.000Z',
  layer,
};
const manifest = (mediaType: string) => ({
  config: { mediaType, digest: digest('d'), size: 1 },
  layers: [layer],
});
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('steps of a build', () => {
  it('are read as they were written, from a cache and from an image', () => {
    const document = formatSteps([step], [layer]);
    expect(readSteps(manifest(stepsType), bytes(document), 'x')).toEqual([step]);
    const image = { architecture: 'amd64', [inlineMember]: document };
    const type = 'application/vnd.oci.image.config.v1+json';
    expect(readSteps(manifest(type), bytes(image), 'x')).toEqual([step]);
    expect(readSteps(manifest(type), bytes({ architecture: 'amd64' }), 'x')).toEqual([]);
  });

  it('of strangers are refused where they could mean something else', () => {
    const { keys, ...rest } = step;
    const row = { ...rest, keys, layer: 0 };
    const read =
      (steps: unknown, version = 1) =>
      () =>
        readSteps(manifest(stepsType), bytes({ version, steps }), 'x');
    expect(read([row], 2)).toThrow('its version is not 1');
    expect(read([{ ...row, layer: 1 }])).toThrow('it names no layer');
    expect(read([{ ...row, keys: ['../../etc/passwd'] }])).toThrow('not 64 hexadecimal digits');
    expect(read([{ ...row, diffId: 'sha256:x' }])).toThrow();
    expect(read('nothing')).toThrow('a list was expected');
  });
});
