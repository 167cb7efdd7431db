import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPaths } from '../../../../src/engine/instance/paths.ts';
import {
  formatNames,
  type NamedEndpoint,
  parseNames,
  readNames,
  writeNames,
} from '../../../../src/engine/network/names-file.ts';

const endpoints: NamedEndpoint[] = [
  { slot: 2, containerId: 'b'.repeat(64), ipv4: '10.1.0.3', ipv6: 'fd00::3', names: ['p-web-1', 'web'] },
  { slot: 0, containerId: 'a'.repeat(64), ipv4: '10.1.0.2', names: ['p-db-1'] },
];

describe('the names file', () => {
  it('is one endpoint a line, by slot', () => {
    expect(formatNames(endpoints)).toBe(
      [
        'tcompose-names 1',
        `0 ${'a'.repeat(64)} 10.1.0.2 - p-db-1 p-db-1`,
        `2 ${'b'.repeat(64)} 10.1.0.3 fd00::3 p-web-1 p-web-1,web`,
        '',
      ].join('\n'),
    );
  });

  it('reads back what it writes', () => {
    expect(parseNames(formatNames(endpoints), 'names')).toEqual([endpoints[1], endpoints[0]]);
    expect(parseNames(formatNames([]), 'names')).toEqual([]);
  });

  it('refuses a newer format by name', () => {
    expect(() => parseNames('tcompose-names 2\n', '/run/x/names')).toThrow(
      /\/run\/x\/names.*tcompose-names 2/,
    );
  });

  it('is read again when another command has replaced or removed it', () => {
    const run = mkdtempSync(join(tmpdir(), 'tcompose-names-'));
    try {
      const paths = createPaths(run, run);
      const file = join(paths.networkRun('n'), 'names');
      expect(readNames(paths, 'n')).toBeUndefined();
      writeNames(paths, 'n', endpoints);
      expect(readNames(paths, 'n')).toEqual(endpoints);
      writeFileSync(`${file}.other`, formatNames(endpoints.slice(0, 1)));
      renameSync(`${file}.other`, file);
      expect(readNames(paths, 'n')).toEqual(endpoints.slice(0, 1));
      rmSync(file);
      expect(readNames(paths, 'n')).toBeUndefined();
    } finally {
      rmSync(run, { recursive: true });
    }
  });
});
