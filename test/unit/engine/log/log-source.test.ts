import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogSource } from '../../../../src/engine/log/log-source.ts';

let directory: string;
let path: string;
let source: LogSource | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-log-'));
  path = join(directory, 'log');
});
afterEach(() => {
  source?.close();
  rmSync(directory, { recursive: true });
});

const open = () => {
  source = new LogSource(path);
  return source;
};
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);
const write = (file: string, content: string[]) => writeFileSync(file, content.map((l) => `${l}\n`).join(''));
const read = (from: LogSource) => [...from.readLines()];

describe('a log source', () => {
  it('reads nothing from a log that is not there, and all of it once it is', () => {
    const log = open();
    expect(read(log)).toEqual([]);
    write(path, lines(1, 2));
    expect(read(log)).toEqual(lines(1, 2));
  });

  it('begins with the oldest of the rotated files', () => {
    write(`${path}.2`, lines(1, 2));
    write(`${path}.1`, lines(3, 4));
    write(path, lines(5, 6));
    expect(read(open())).toEqual(lines(1, 6));
  });

  it('keeps back a line until its end is written', () => {
    writeFileSync(path, 'whole\nhal');
    const log = open();
    expect(read(log)).toEqual(['whole']);
    appendFileSync(path, 'f\n');
    expect(read(log)).toEqual(['half']);
  });

  it('joins lines across blocks, also inside a character', () => {
    const long = `${'x'.repeat(65_535)}ä${'y'.repeat(70_000)}`;
    write(path, [long, 'next']);
    expect(read(open())).toEqual([long, 'next']);
  });

  it('goes on after a rotation, with what was written on either side of it', () => {
    write(path, lines(1, 2));
    const log = open();
    expect(read(log)).toEqual(lines(1, 2));
    appendFileSync(path, 'line 3\n');
    renameSync(path, `${path}.1`);
    write(path, lines(4, 5));
    expect(read(log)).toEqual(lines(3, 5));
  });

  it('misses nothing when it is rotated twice between two reads', () => {
    write(path, lines(1, 1));
    const log = open();
    expect(read(log)).toEqual(lines(1, 1));
    appendFileSync(path, 'line 2\n');
    renameSync(path, `${path}.2`);
    write(`${path}.1`, lines(3, 4));
    write(path, lines(5, 6));
    expect(read(log)).toEqual(lines(2, 6));
  });

  it('starts over when a single file is truncated', () => {
    write(path, lines(1, 100));
    const log = open();
    read(log);
    truncateSync(path, 0);
    appendFileSync(path, 'new\n');
    expect(read(log)).toEqual(['new']);
  });
});

describe('the tail', () => {
  const tail = (count: number) => {
    const log = open();
    log.seekTail(count);
    return read(log);
  };

  it('is the last lines, across files', () => {
    write(`${path}.1`, lines(1, 4));
    write(path, lines(5, 6));
    for (const count of [0, 1, 2, 3, 6]) expect(tail(count)).toEqual(lines(7 - count, 6));
    expect(tail(100)).toEqual(lines(1, 6));
  });

  it('is found across blocks', () => {
    write(path, lines(1, 30_000));
    expect(tail(20_000)).toEqual(lines(10_001, 30_000));
  });

  it('counts a line that is not finished as one', () => {
    writeFileSync(path, 'one\ntwo\nthr');
    const log = open();
    log.seekTail(2);
    appendFileSync(path, 'ee\n');
    expect(read(log)).toEqual(['two', 'three']);
  });

  it('of no lines waits for the next', () => {
    write(path, lines(1, 3));
    const log = open();
    log.seekTail(0);
    expect(read(log)).toEqual([]);
    appendFileSync(path, 'next\n');
    expect(read(log)).toEqual(['next']);
  });

  it('goes on where another source ended, across a rotation, and keeps an unfinished line', () => {
    write(path, lines(1, 2));
    appendFileSync(path, 'half');
    const first = open();
    expect(read(first)).toEqual(lines(1, 2));
    const { cursor } = first;
    first.close();
    appendFileSync(path, ' done\n');
    renameSync(path, `${path}.1`);
    write(path, lines(3, 3));
    source = new LogSource(path, cursor);
    expect(read(source)).toEqual(['half done', 'line 3']);
  });
});
