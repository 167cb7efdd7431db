// What a service asks of this host's devices, looked up.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { type CdiSpec, listCdiNames, resolveCdi } from '../../runtime/cdi.ts';
import type { ContainerInput } from '../../runtime/container-input.ts';
import { observeDevices, observeDisks } from '../../runtime/devices.ts';
import { hostDevices } from './host-devices.ts';

export function observeHostResources(
  service: ServiceConfig,
): Pick<ContainerInput, 'devices' | 'disks' | 'grant'> {
  const isAsked = listCdiNames(service).length > 0;
  const grant = isAsked ? resolveCdi(service, readCdiSpecs(), hostDevices) : undefined;
  return {
    devices: [...observeDevices(service, hostDevices), ...(grant?.devices ?? [])],
    disks: observeDisks(service, hostDevices),
    ...(grant && { grant }),
  };
}

/** The directories of the CDI specification; later ones go before earlier ones. */
const CDI_DIRECTORIES = ['/etc/cdi', '/var/run/cdi'];

export function readCdiSpecs(directories: readonly string[] = CDI_DIRECTORIES): readonly CdiSpec[] {
  return directories.flatMap((directory) => {
    const names = unless(['ENOENT', 'ENOTDIR'], () => readdirSync(directory)) ?? [];
    return names
      .filter((name) => /\.(json|ya?ml)$/.test(name))
      .sort()
      .map((name) => readCdiSpec(join(directory, name)));
  });
}

function readCdiSpec(file: string): CdiSpec {
  let spec: Partial<CdiSpec>;
  try {
    spec = parse(readFileSync(file, 'utf8')) as Partial<CdiSpec>;
  } catch (cause) {
    throw damaged(file, cause);
  }
  if (typeof spec?.kind !== 'string' || !Array.isArray(spec.devices)) throw damaged(file);
  return { ...spec, file, kind: spec.kind, devices: spec.devices };
}

function damaged(file: string, cause?: unknown): TcError {
  return new TcError(`${file} is not a CDI specification`, {
    code: 'cdi-damaged',
    kind: 'environment',
    hints: ['generate it again, or remove it'],
    cause,
  });
}
