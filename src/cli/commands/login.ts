import { parseRegistryHost } from '../../app/registry/host.ts';
import { type Account, login } from '../../app/registry/login.ts';
import { TcError } from '../../base/error.ts';
import type { LoggedIn } from '../../engine/ports.ts';
import { askAccount, readAccount } from '../account.ts';
import { defineCommand } from '../command.ts';
import { canAsk } from '../prompt.ts';
import type { Session } from '../session.ts';

export const command = defineCommand({
  operands: '[HOST]',
  operandCount: { max: 1 },
  examples: [
    { text: "To Docker's Hub, asking for user and password", line: 'login' },
    { text: 'From a script', line: 'login -u ci --password-stdin ghcr.io < token' },
  ],
  flags: {
    password: {
      type: 'string',
      char: 'p',
      value: 'PASSWORD',
      summary: 'Shows in process lists: see --password-stdin',
    },
    'password-stdin': { type: 'boolean', summary: 'Read the password from standard input' },
    username: { type: 'string', char: 'u', value: 'USER', summary: 'User name' },
  },
  conflicts: [{ flags: ['password'], with: ['password-stdin'] }],
  async run({ flags, operands, session }) {
    const host = parseRegistryHost(operands[0]);
    if (flags.password !== undefined) {
      session.display.warn({
        code: 'password-in-sight',
        message: '--password shows in the list of processes and in the history of the shell',
        hint: 'use --password-stdin',
      });
    }
    const account = await readAccount(flags);
    const { plainFile } = account
      ? await login(session.context, host, account)
      : await useKept(session, host);
    if (plainFile !== undefined) {
      session.display.warn({
        code: 'credentials-in-clear',
        message: `the credentials are kept in ${plainFile}, for whoever can read that file`,
        hint: 'a credential helper keeps them encrypted: install one and name it there as "credsStore"',
      });
    }
    session.print('Login Succeeded\n');
    return 0;
  },
});

/** What is kept, if it is still good; else somebody is asked, if there is somebody. */
async function useKept(session: Session, host: string): Promise<LoggedIn> {
  try {
    const kept = await login(session.context, host);
    session.print(`Authenticated with the credentials of ${kept.username} that are kept for ${host}\n`);
    return kept;
  } catch (error) {
    const isAsking = error instanceof TcError && ['no-credentials', 'login-refused'].includes(error.code);
    if (!isAsking || !canAsk()) throw error;
  }
  const account: Account = await askAccount({});
  return login(session.context, host, account);
}
