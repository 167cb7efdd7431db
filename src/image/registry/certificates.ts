// TLS material of registries, in directories as Docker's /etc/docker/certs.d/HOST[:PORT]: *.crt are authorities to trust
// beside the system's, NAME.cert with NAME.key a certificate to show.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { TcError } from '../../base/error.ts';

export interface TlsMaterial {
  readonly ca?: readonly string[];
  readonly cert?: readonly Buffer[];
  readonly key?: readonly Buffer[];
}

export const defaultCertificateDirectories = ['/etc/docker/certs.d', '/etc/containers/certs.d'];

/** From the first of `directories` that knows the host. */
export async function readTlsMaterial(host: string, directories: readonly string[]): Promise<TlsMaterial> {
  for (const directory of directories) {
    const names = await readdir(join(directory, host)).catch(() => undefined);
    if (names) return readDirectory(join(directory, host), names.sort());
  }
  return {};
}

async function readDirectory(directory: string, names: readonly string[]): Promise<TlsMaterial> {
  const read = (name: string) => readFile(join(directory, name));
  const authorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read));
  const shown = names.filter((name) => name.endsWith('.cert'));
  const keys = shown.map((name) => name.replace(/\.cert$/, '.key'));
  const missing = keys.find((name) => !names.includes(name));
  if (missing) {
    throw new TcError(`${join(directory, missing)} is missing: it is the key of the certificate beside it`, {
      code: 'missing-client-key',
      hints: ['a certificate of an authority ends in .crt, one of this client in .cert with its key in .key'],
    });
  }
  return {
    ...(authorities.length > 0 ? { ca: [...rootCertificates, ...authorities.map(String)] } : {}),
    ...(shown.length > 0
      ? { cert: await Promise.all(shown.map(read)), key: await Promise.all(keys.map(read)) }
      : {}),
  };
}
