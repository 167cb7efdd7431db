// The address of a log server: the monitor, a static program, looks up no names.

import { lookup } from 'node:dns/promises';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { findLogServer } from '../../runtime/logging.ts';

/** Undefined: there is none, or the file has it in numbers. */
export async function resolveLogServer({ name, logging }: ServiceConfig): Promise<string | undefined> {
  const server = logging && findLogServer(logging);
  if (server === undefined) return undefined;
  try {
    return (await lookup(server)).address;
  } catch (cause) {
    throw new TcError(`service ${name}: the log server "${server}" is not found (${errnoOf(cause)})`, {
      code: 'log-server',
      kind: 'environment',
      hints: ["check the name in syslog-address, and this host's DNS"],
      cause,
    });
  }
}
