// `tcompose config` in this process: everything but starting it, which a thousand command lines would wait for.

import { resolve } from 'node:path';
import type { AppContext } from '../../src/app/context.ts';
import { findComposeVariables } from '../../src/app/discovery.ts';
import { TcError } from '../../src/base/error.ts';
import { parseArguments } from '../../src/cli/argv.ts';
import { command } from '../../src/cli/commands/config.ts';
import { addEnvironment, readFlags } from '../../src/cli/flag-values.ts';
import { globalFlags } from '../../src/cli/global-flags.ts';
import { type Session, selectProject } from '../../src/cli/session.ts';
import { createDiskReader } from '../../src/project/disk-reader.ts';
import type { Sandbox } from './sandbox.ts';
import type { Answer } from './tool.ts';

export async function askOurs(sandbox: Sandbox, view: readonly string[]): Promise<Answer> {
  try {
    return { text: await printConfig(sandbox, view), errors: '' };
  } catch (error) {
    if (!(error instanceof TcError)) throw error;
    const place = error.source ? `${error.source.file}:${error.source.line}: ` : '';
    return { text: undefined, errors: `${place}${error.message}` };
  }
}

async function printConfig(
  { cwd, env, flags, services, stdin }: Sandbox,
  view: readonly string[],
): Promise<string> {
  const disk = createDiskReader();
  const read = (path: string) => (path === '-' ? stdin : disk.read(resolve(cwd, path)));
  const reader = { ...disk, read, exists: (path: string) => disk.exists(resolve(cwd, path)) };
  const { flags: given, operands } = parseArguments(
    [...flags, ...view, ...services],
    [command.flags, globalFlags],
  );
  const select = (environment: Sandbox['env']) => {
    const tokens = addEnvironment({ ...globalFlags, ...command.flags }, given, environment);
    return { tokens, selection: { ...selectProject(readFlags(globalFlags, tokens), env), workingDir: cwd } };
  };
  const variables = findComposeVariables({ reader, selection: select(env).selection });
  const { selection, tokens } = select({ ...variables, ...env });
  let output = '';
  const context = { reader, selection, on: () => {} } as unknown as AppContext;
  const session = { context, print: (text: string) => (output += text) } as unknown as Session;
  await command.run({ flags: readFlags(command.flags, tokens), operands, session });
  return output;
}
