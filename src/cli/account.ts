// The user and password of `login`: from the flags, from standard input, or asked for.

import type { Account } from '../app/registry/login.ts';
import { TcError } from '../base/error.ts';
import { usageError } from './argv.ts';
import { askLine, askSecret, canAsk } from './prompt.ts';

export interface AccountFlags {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly 'password-stdin': boolean;
}

/** Undefined: nothing is given, and the account that is kept may do. */
export async function readAccount(flags: AccountFlags): Promise<Account | undefined> {
  const { password, username } = flags;
  if (flags['password-stdin']) {
    if (username === undefined) throw usageError('--password-stdin needs --username');
    return complete(username, await readPassword());
  }
  if (username === undefined && password === undefined) return undefined;
  if (username !== undefined && password !== undefined) return complete(username, password);
  return askAccount(flags);
}

/** What is not given is asked for. */
export async function askAccount(flags: Partial<AccountFlags>): Promise<Account> {
  if (!canAsk()) {
    throw new TcError('there is no terminal to ask for a user name and a password', {
      code: 'no-terminal',
      hints: ['give them with --username and --password-stdin'],
    });
  }
  const username = flags.username ?? (await askLine('Username: '));
  return complete(username.trim(), flags.password ?? (await askSecret('Password: ')));
}

function complete(username: string, password: string): Account {
  if (username !== '' && password !== '') return { username, password };
  throw usageError(`the ${username === '' ? 'user name' : 'password'} is empty`);
}

/** Without the end of line that `echo` puts behind it. */
async function readPassword(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
