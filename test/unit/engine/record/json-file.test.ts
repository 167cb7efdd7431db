import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJsonFile, writeJsonFile, writeVolatileFile } from '../../../../src/engine/record/json-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-record-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('records', () => {
  it('are private, replaced whole, and leave nothing beside them', async () => {
    const path = join(directory, 'new', 'record.json');
    await writeJsonFile(path, { v: 1, name: 'first' } as { v: number });
    await writeJsonFile(path, { v: 1, name: 'second' } as { v: number });
    expect(readJsonFile(path, 1)).toEqual({ v: 1, name: 'second' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'new'))).toEqual(['record.json']);
  });

  it('that are missing are undefined, also below a file', () => {
    writeVolatileFile(join(directory, 'file'), 'x');
    expect(readJsonFile(join(directory, 'nothing'), 1)).toBeUndefined();
    expect(readJsonFile(join(directory, 'file', 'below'), 1)).toBeUndefined();
  });

  it('of an older version are read, with members that are not known', () => {
    const path = join(directory, 'record');
    writeFileSync(path, '{"v":1,"later":true}');
    expect(readJsonFile(path, 2)).toEqual({ v: 1, later: true });
  });

  it('of a newer version or damaged are refused by name', () => {
    const path = join(directory, 'record');
    writeFileSync(path, '{"v":3}');
    expect(() => readJsonFile(path, 2)).toThrow(`${path} has version 3; this tcompose reads up to version 2`);
    for (const text of ['', '{"v":', '{}', 'null', '[1]']) {
      writeFileSync(path, text);
      expect(() => readJsonFile(path, 2)).toThrow(path);
    }
  });
});
