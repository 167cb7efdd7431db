import { describe, expect, it } from 'vitest';
import { findById, findEntry } from '../../../src/image/content/catalog.ts';
import {
  formatImageIndex,
  giveName,
  type ImageEntry,
  mergeEntry,
  parseImageIndex,
  removeName,
} from '../../../src/image/content/image-index.ts';
import type { Digest } from '../../../src/image/digest.ts';
import { ociIndex, ociManifest } from '../../../src/image/media-type.ts';
import { parsePlatform } from '../../../src/image/platform.ts';
import { parseRegistryReference } from '../../../src/image/reference.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as Digest;
const entry = (digit: string, name?: string, platform = 'linux/amd64'): ImageEntry => ({
  mediaType: ociManifest,
  digest: digest(digit),
  manifestSize: 1,
  platform: parsePlatform(platform),
  ...(name ? { name: `docker.io/library/${name}` } : {}),
  imageId: digest(digit),
  sourceDigest: digest('e'),
  tagged: '2026-01-01T00:00:00.000Z',
});
const shown = (entries: readonly ImageEntry[]) =>
  entries.map(({ name, imageId }) => `${name?.split('/').at(-1) ?? '-'} ${imageId[7]}`);

describe('index.json', () => {
  it('comes back as it was written, with what other tools put in', () => {
    const foreign = [{ mediaType: ociManifest, digest: digest('f'), size: 3, annotations: { x: 'y' } }];
    const rendered = { ...entry('3', 'c:1'), rendition: { digest: digest('4'), size: 9 } };
    const entries = [entry('1', 'a:1'), entry('2'), rendered];
    const text = formatImageIndex({ entries, foreign });
    expect(parseImageIndex(Buffer.from(text), 'index.json')).toEqual({ entries, foreign });
  });
});

describe('an image index', () => {
  const index = {
    ...{ mediaType: ociIndex, digest: digest('e'), size: 7 },
    manifests: [digest('1'), digest('2')],
  };
  const members = (name?: string) => [
    { ...entry('1', name), index },
    { ...entry('2', name, 'linux/arm64'), index },
  ];
  const reread = (entries: readonly ImageEntry[]) =>
    parseImageIndex(Buffer.from(formatImageIndex({ entries, foreign: [] })), 'index.json').entries;

  it('stands before the images that make it up, for tools that take the first of a name', () => {
    const { manifests } = JSON.parse(formatImageIndex({ entries: members('a:1'), foreign: [] }));
    expect(manifests.map((each: { mediaType: string }) => each.mediaType)).toEqual([
      ...[ociIndex, ociManifest, ociManifest],
    ]);
    expect(manifests[0]).toMatchObject({
      digest: digest('e'),
      annotations: { 'org.opencontainers.image.ref.name': 'docker.io/library/a:1' },
    });
    expect(reread(members('a:1'))).toEqual(members('a:1'));
  });

  it('is none any more when one of its images has gone, or another has taken its place', () => {
    const [amd64 = entry('1'), arm64 = entry('2')]: ImageEntry[] = members('a:1');
    const withoutIndex = (each: ImageEntry) => each.index === undefined;
    expect(reread([amd64])).toEqual([entry('1', 'a:1')]);
    expect(reread(mergeEntry([amd64, arm64], entry('3', 'a:1'))).every(withoutIndex)).toBe(true);
    expect(reread(removeName([amd64, arm64], amd64.name ?? '', { keep: true })).every(withoutIndex)).toBe(
      true,
    );
  });

  it('takes a name whole: what had it for a platform that is no part of it goes without', () => {
    const before = [entry('3', 'a:1', 'linux/s390x'), entry('4', 'a:1')];
    const named = giveName(before, members(), 'docker.io/library/a:1');
    expect(shown(named)).toEqual(['- 4', 'a:1 1', 'a:1 2', '- 3']);
    expect(reread(named).filter((each) => each.index)).toHaveLength(2);
  });

  it('gives way to a new image, and stays if that is a part of it', () => {
    const before = members('a:1');
    expect(shown(giveName(before, [entry('3')], 'docker.io/library/a:1'))).toEqual(['- 1', 'a:1 3', '- 2']);
    const same = giveName(before, [entry('1')], 'docker.io/library/a:1');
    expect(shown(same)).toEqual(['a:1 2', 'a:1 1']);
    expect(reread(same).every((each) => each.index)).toBe(true);
  });
});

describe('a look-up', () => {
  it('finds the best of those that run', () => {
    const entries = [entry('3', 'a:1', 'linux/386'), entry('1', 'a:1')];
    const found = findEntry(entries, parseRegistryReference('a:1'), parsePlatform('linux/amd64'));
    expect(found?.imageId).toBe(digest('1'));
  });
});

describe('a name', () => {
  it('moves to a new image; the old one stays without', () => {
    expect(shown(mergeEntry([entry('1', 'a:1')], entry('2', 'a:1')))).toEqual(['- 1', 'a:1 2']);
  });
  it('moves; the old image keeps its other names', () => {
    expect(shown(mergeEntry([entry('1', 'a:1'), entry('1', 'b:1')], entry('2', 'a:1')))).toEqual([
      'b:1 1',
      'a:1 2',
    ]);
  });
  it('given again changes nothing else', () => {
    expect(shown(mergeEntry([entry('1', 'a:1')], entry('1', 'a:1')))).toEqual(['a:1 1']);
  });
  it('is one for each platform', () => {
    expect(mergeEntry([entry('1', 'a:1')], entry('2', 'a:1', 'linux/arm64'))).toHaveLength(2);
  });
  it('ends the namelessness of its image', () => {
    expect(shown(mergeEntry([entry('1')], entry('1', 'a:1')))).toEqual(['a:1 1']);
    expect(shown(mergeEntry([entry('1', 'a:1')], entry('1')))).toEqual(['a:1 1']);
  });
  it('can be taken away, with or without the image', () => {
    const entries = [entry('1', 'a:1'), entry('1', 'b:1'), entry('2', 'c:1')];
    const name = 'docker.io/library/c:1';
    expect(shown(removeName(entries, name, { keep: true }))).toEqual(['a:1 1', 'b:1 1', '- 2']);
    expect(shown(removeName(entries, name, { keep: false }))).toEqual(['a:1 1', 'b:1 1']);
    expect(shown(removeName(entries, 'docker.io/library/a:1', { keep: true }))).toEqual(['b:1 1', 'c:1 2']);
  });
});

describe('an image is found', () => {
  const entries = [entry('1', 'a:1'), entry('2', 'a:1', 'linux/arm64'), entry('3', 'ab:1'), entry('4')];
  const find = (text: string, platform = 'linux/amd64') =>
    findEntry(entries, parseRegistryReference(text), parsePlatform(platform))?.imageId[7];

  it('by name and platform', () => {
    expect(find('a:1')).toBe('1');
    expect(find('a:1', 'linux/arm64')).toBe('2');
    expect(find('a:1', 'linux/s390x')).toBeUndefined();
    expect(find('a:2')).toBeUndefined();
  });
  it('by digest of manifest or source, in its own repository only', () => {
    expect(find(`ab@${digest('3')}`)).toBe('3');
    expect(find(`ab:other@${digest('e')}`)).toBe('3');
    expect(find(`b@${digest('3')}`)).toBeUndefined();
  });
  it('by id or its first digits, if they are enough', () => {
    expect(findById(entries, digest('4'))?.imageId).toBe(digest('4'));
    expect(findById(entries, '4444')?.imageId).toBe(digest('4'));
    expect(findById(entries, '444')).toBeUndefined();
    expect(
      findById([...entries, { ...entry('5'), imageId: `sha256:4444${'5'.repeat(60)}` as Digest }], '4444'),
    ).toBeUndefined();
    expect(findById(entries, 'zzzz')).toBeUndefined();
  });
});
