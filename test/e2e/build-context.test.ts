// What a build knows of the files of its context from the build before.

import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stepsOf } from './build-steps.ts';
import { Scenario } from './scenario.ts';

const compose = `
name: contexts
services:
  one: {build: .}
  two: {build: {context: ., dockerfile: Second}}
`;
const files = {
  'compose.yaml': compose,
  Dockerfile: 'FROM scratch\nCOPY a.txt /a\nCOPY large /large\n',
  Second: 'FROM scratch\nCOPY b.txt /b\n',
  'a.txt': 'one\n',
  'b.txt': 'b\n',
  large: 'x'.repeat(1024 * 1024),
};

let scenario: Scenario;
beforeEach(async () => {
  scenario = new Scenario(files);
  // What has just changed could change once more unseen: its digest is not kept.
  await setTimeout(100);
});
afterEach(async () => {
  scenario.run('down', '-v');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const build = (...args: string[]) => stepsOf(scenario.ok('build', ...args).stderr);
const directory = () => join(scenario.root, 'build-cache/contexts');

function readRecord(): { files: Record<string, [string, string]> } {
  const [name = ''] = readdirSync(directory());
  return JSON.parse(readFileSync(join(directory(), name), 'utf8'));
}

/** Says that the file has another content than it has. */
function lieAbout(path: string): void {
  const [name = ''] = readdirSync(directory());
  const record = readRecord();
  record.files[path] = [record.files[path]?.[0] ?? '', '0'.repeat(64)];
  writeFileSync(join(directory(), name), JSON.stringify(record));
}

describe('a file of a context', () => {
  it('is seen to change when neither its size nor its time tells', () => {
    build('one');
    const path = join(scenario.directory, 'a.txt');
    const { atime, mtime } = statSync(path);
    writeFileSync(path, 'two\n');
    utimesSync(path, atime, mtime);
    expect(build('one')).toEqual({ ran: ['COPY a.txt /a', 'COPY large /large'], cached: [] });
  });

  it('is not read again while nothing says that it has changed', () => {
    build();
    expect(Object.keys(readRecord().files).sort()).toEqual(['a.txt', 'b.txt', 'large']);
    expect(build().ran).toEqual([]);
    lieAbout('large');
    // What the record says is believed: the key of the step is another one.
    expect(build('one')).toEqual({ ran: ['COPY large /large'], cached: ['COPY a.txt /a'] });
  });

  it('is read again without the cache, whatever is known of it', () => {
    build('one');
    lieAbout('a.txt');
    expect(build('--no-cache', 'one').cached).toEqual([]);
    expect(build('one').ran).toEqual([]);
    expect(readRecord().files['a.txt']?.[1]).not.toBe('0'.repeat(64));
  });

  it('is read again when what is known of it cannot be read, and the build is none the worse', () => {
    build('one');
    for (const name of readdirSync(directory())) writeFileSync(join(directory(), name), '{"version":1,');
    expect(build('one').ran).toEqual([]);
  });

  it('is known until the build cache is pruned', () => {
    build('one');
    expect(readdirSync(directory())).toHaveLength(1);
    scenario.ok('builder', 'prune', '-f');
    expect(readdirSync(directory())).toEqual([]);
    expect(build('one').ran).toEqual([]);
  });
});

describe('a build that changes nothing', () => {
  it('leaves the index of images as it is, and says when it was', () => {
    build('one');
    const index = join(scenario.root, 'images/index.json');
    const taggedAt = () =>
      JSON.parse(scenario.ok('image', 'inspect', 'contexts-one').stdout)[0].Metadata.LastTagTime as string;
    const [before, first] = [statSync(index, { bigint: true }), taggedAt()];
    build('one');
    expect(statSync(index, { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs });
    expect(Date.parse(taggedAt())).toBeGreaterThan(Date.parse(first));
  });
});
