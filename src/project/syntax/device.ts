// `SOURCE[:TARGET[:PERMISSIONS]]` of a service's devices. Source: compose-spec 05-services.md, devices.

import { FormatError } from './format-error.ts';

export interface DeviceSpec {
  readonly source: string;
  readonly target: string;
  readonly permissions: string;
}

/** Throws FormatError. */
export function parseDevice(text: string): DeviceSpec {
  const [source = '', target, permissions, ...rest] = text.split(':');
  if (rest.length > 0) {
    throw new FormatError(`too many colons in \`${text}\``, ['write SOURCE:TARGET:rwm, or the long form']);
  }
  return { source, target: target || source, permissions: permissions ?? 'rwm' };
}
