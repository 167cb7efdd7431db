// The file that `security_opt: seccomp=FILE` names.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { parseSecurityOptions } from '../../runtime/security-options.ts';

/** Its text; undefined if the service names none. Relative paths are the project directory's, as Docker Compose has it. */
export function readSeccompProfile(service: ServiceConfig, workingDir: string): string | undefined {
  const { seccomp } = parseSecurityOptions(service.security_opt ?? []);
  if (typeof seccomp !== 'object') return undefined;
  const path = resolve(workingDir, seccomp.file);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TcError(
      `service "${service.name}": seccomp profile ${path} cannot be read: ${errnoOf(cause)}`,
      {
        code: 'seccomp-profile',
        cause,
      },
    );
  }
}
