// `--chown` and USER as numbers: `1000`, `1000:1000`, `name`, `name:group`. Pure.

import { TcError } from '../../base/error.ts';
import type { Owner } from './layer-draft.ts';

export interface AccountTexts {
  /** Of the image that is changed. */
  readonly passwd: string;
  readonly group: string;
}

/** A number without a group is both. What is left empty beside a colon is root. */
export function resolveOwner(spec: string, { passwd, group }: AccountTexts): Owner {
  const [user = '', groupName] = spec.split(':');
  const account = /^\d+$/.test(user) ? { uid: Number(user), gid: Number(user) } : findUser(user, passwd);
  if (groupName === undefined) return account;
  const gid = /^\d*$/.test(groupName) ? Number(groupName) : findGroup(groupName, group);
  return { uid: account.uid, gid };
}

function findUser(name: string, passwd: string): Owner {
  if (name === '' || (name === 'root' && passwd === '')) return { uid: 0, gid: 0 };
  const fields = passwd.split('\n').map((line) => line.split(':'));
  const found = fields.find(([first]) => first === name);
  if (found?.[2] !== undefined) return { uid: Number(found[2]), gid: Number(found[3] ?? 0) };
  throw missing('user', name);
}

function findGroup(name: string, group: string): number {
  if (name === 'root' && group === '') return 0;
  const found = group.split('\n').find((line) => line.startsWith(`${name}:`));
  const gid = found?.split(':')[2];
  if (gid !== undefined) return Number(gid);
  throw missing('group', name);
}

function missing(what: string, name: string): TcError {
  return new TcError(`the image has no ${what} "${name}"`, {
    code: 'no-such-user',
    hints: [`use a ${what} of the image's /etc/${what === 'user' ? 'passwd' : 'group'}, or a number`],
  });
}
