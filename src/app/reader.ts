// The loader's window on this machine, apart from the loader: opening it loads nothing else.

import { TcError } from '../base/error.ts';
import { createDiskReader } from '../project/disk-reader.ts';
import type { FileReader } from '../project/file-reader.ts';
import { parseRemote } from '../project/text/remote.ts';

export interface ReaderOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Remote names -> what was fetched for them; it may grow while the reader is used. */
  readonly copies?: ReadonlyMap<string, string>;
}

export function createReader({ environment = {}, copies = new Map() }: ReaderOptions = {}): FileReader {
  return {
    ...createDiskReader(),
    fetch(name) {
      requireEnabled(name, environment);
      return copies.get(name);
    },
  };
}

const switches = { git: 'COMPOSE_EXPERIMENTAL_GIT_REMOTE', oci: 'COMPOSE_EXPERIMENTAL_OCI_REMOTE' } as const;

/** Both are on unless these variables, which Docker Compose knows too, say otherwise. */
function requireEnabled(name: string, environment: NonNullable<ReaderOptions['environment']>): void {
  const kind = parseRemote(name)?.kind;
  const variable = kind && switches[kind];
  const value = variable && environment[variable];
  if (value === undefined || value === '' || /^(1|t|true)$/i.test(value)) return;
  throw new TcError(`${name} is not fetched: ${variable} is "${value}"`, {
    code: 'remote-unsupported',
    hints: [`unset ${variable}, or copy the file to this machine`],
  });
}
