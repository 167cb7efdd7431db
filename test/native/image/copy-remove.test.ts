// The role that removes paths of a container: all of a list, or nothing of one that was cut off.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRole } from '../../../src/image/layer/role.ts';
import { feedRole } from '../../../src/image/layer/untar.ts';
import { Sandbox, tools } from './sandbox.ts';

let sandbox: Sandbox;
let root: string;

beforeEach(() => {
  sandbox = new Sandbox();
  root = sandbox.makeDirectory('root');
  mkdirSync(join(root, 'kept'));
  for (const path of ['one', 'kept/two', 'kept/other']) writeFileSync(join(root, path), '');
});
afterEach(() => sandbox.dispose());

function remove(count: number, names: string) {
  const role = startRole(tools, root, { role: 'copy-remove', arguments: [`${count}`, '-', 'live'] });
  return feedRole(role, [Buffer.from(names)], { what: 'the container' });
}

const left = () => ['one', 'kept/two', 'kept/other'].filter((path) => existsSync(join(root, path)));

describe('copy-remove', () => {
  it('removes what is named, and nothing beside it', async () => {
    expect(await remove(3, '/one\0/kept/two\0/kept/gone\0')).toEqual({ entries: 3 });
    expect(left()).toEqual(['kept/other']);
  });

  it.each([
    ['a name is missing', 2, '/one\0'],
    ['a name is cut off', 2, '/one\0/kept'],
    ['nothing has come', 1, ''],
  ])('removes nothing if %s', async (_, count, names) => {
    await expect(remove(count, names)).rejects.toThrow('EBADMSG');
    expect(left()).toHaveLength(3);
  });
});
