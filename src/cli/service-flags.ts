// The flags of install-service and uninstall-service, and what they ask for.

import { resolve } from 'node:path';
import type { ServiceRequest } from '../engine/ports.ts';
import type { FlagSpecs, FlagValues } from './flag.ts';

export const serviceFlags = {
  init: {
    type: 'string',
    value: 'SYSTEM',
    options: ['systemd', 'sysv'],
    summary: 'Init system of the host (default: what runs)',
  },
  directory: {
    type: 'string',
    value: 'DIR',
    summary: 'Where the file goes (default: /etc/systemd/system, /etc/init.d)',
  },
} as const satisfies FlagSpecs;

/** Node and the script by their whole paths: at boot there is no PATH that finds them. */
export function readServiceRequest(flags: FlagValues<typeof serviceFlags>): ServiceRequest {
  const { init, directory } = flags;
  return {
    command: [process.execPath, resolve(process.argv[1] ?? '')],
    ...(init === undefined ? {} : { init: init as 'systemd' | 'sysv' }),
    ...(directory === undefined ? {} : { directory: resolve(directory) }),
  };
}
