import { describe, expect, it } from 'vitest';
import {
  choosePlatform,
  defaultPlatform,
  formatPlatform,
  hostPlatform,
  isRunnable,
  normalizePlatform,
  parsePlatform,
} from '../../../src/image/platform.ts';

describe('platforms', () => {
  const cases: [string, string][] = [
    ['linux/amd64', 'linux/amd64'],
    ['LINUX/x86_64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['arm64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['aarch64', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/7', 'linux/arm/v7'],
    ['armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['i386', 'linux/386'],
    ['windows/amd64', 'windows/amd64'],
  ];
  for (const [text, expected] of cases) {
    it(`${text} is ${expected}`, () => expect(formatPlatform(parsePlatform(text))).toBe(expected));
  }

  for (const text of ['', 'a/b/c/d', 'linux/', 'linux/a b']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => parsePlatform(text)).toThrow(/not a platform/));
  }

  it('are that of DOCKER_DEFAULT_PLATFORM where nobody says which', () => {
    expect(defaultPlatform({})).toEqual(hostPlatform());
    expect(defaultPlatform({ DOCKER_DEFAULT_PLATFORM: '' })).toEqual(hostPlatform());
    const platform = defaultPlatform({ DOCKER_DEFAULT_PLATFORM: 'linux/s390x' });
    expect(formatPlatform(platform)).toBe('linux/s390x');
    expect(() => defaultPlatform({ DOCKER_DEFAULT_PLATFORM: 'a/b/c/d' })).toThrow(
      'DOCKER_DEFAULT_PLATFORM: "a/b/c/d" is not a platform',
    );
  });

  it('linux alone is this machine', () => expect(parsePlatform('linux')).toEqual(hostPlatform()));
});

describe('the choice among several', () => {
  const offer = (...texts: string[]) => texts.map((text) => ({ platform: parsePlatform(text), text }));
  const choose = (wanted: string, ...texts: string[]) =>
    choosePlatform(offer(...texts), parsePlatform(wanted))?.text;

  it('is exact where it can be', () => {
    expect(choose('linux/arm/v6', 'linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5')).toBe('linux/arm/v6');
  });
  it('goes down to older variants, never up', () => {
    expect(choose('linux/arm/v7', 'linux/arm/v5', 'linux/arm/v6')).toBe('linux/arm/v6');
    expect(choose('linux/arm/v6', 'linux/arm/v7')).toBeUndefined();
    expect(choose('linux/amd64', 'linux/amd64/v3')).toBeUndefined();
    expect(choose('linux/amd64/v3', 'linux/amd64')).toBe('linux/amd64');
  });
  it('takes what a 64-bit machine runs beside its own', () => {
    expect(choose('linux/amd64', 'linux/386')).toBe('linux/386');
    expect(choose('linux/arm64', 'linux/arm/v7')).toBe('linux/arm/v7');
  });
  it('never takes another system', () => {
    expect(choose('linux/amd64', 'windows/amd64')).toBeUndefined();
    expect(isRunnable(normalizePlatform({ os: 'windows' }), parsePlatform('linux'))).toBe(false);
  });
});
