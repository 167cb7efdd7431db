// The variables that links of format 1 set, as the Engine did on its default bridge and docker-compose 1 named its links:
// ALIAS_PORT_3306_TCP_ADDR and their like, for the alias, for SERVICE_N and for the container's name. Pure, but for
// reading what a linked container was given. Source: moby, daemon/links/links.go (up to version 28).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from '../../image/image.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import type { OciConfig } from '../../runtime/oci-config.ts';
import type { InstancePaths } from '../instance/paths.ts';
import type { ContainerRecord } from '../record/container-record.ts';
import { type Containers, findLinked } from './linked-hosts.ts';

/** Of a container with links, besides its name and who they lead to. */
type Linking = Pick<ContainerRecord, 'name' | 'project' | 'endpoints'> & {
  readonly recorded: Pick<ServiceConfig, 'links' | 'external_links'>;
};

interface LinkedContainer {
  readonly names: readonly string[];
  readonly address: string;
  /** `3306/tcp` */
  readonly ports: readonly string[];
  /** `NAME=value` */
  readonly env: readonly string[];
}

export function resolveLinkVariables(
  paths: InstancePaths,
  linking: Linking,
  containers: Containers,
): Record<string, string> {
  const linked = findLinked(linking, containers).flatMap(
    ({ alias, record, addresses }): LinkedContainer[] => {
      const [address] = addresses;
      if (address === undefined) return [];
      const names = [...new Set([alias, `${record.service}_${record.number}`, record.name])];
      return [{ names, address, ports: record.exposed ?? [], env: readEnvironment(paths, record.id) }];
    },
  );
  const entries = linked.flatMap((one) => one.names.flatMap((name) => formatLink(linking.name, name, one)));
  return Object.fromEntries(entries);
}

function readEnvironment(paths: InstancePaths, id: string): readonly string[] {
  const text = readFileSync(join(paths.container(id), 'config.json'), 'utf8');
  return (JSON.parse(text) as OciConfig).process.env;
}

type Entry = readonly [name: string, value: string];

/** Pure. */
export function formatLink(consumer: string, name: string, linked: Omit<LinkedContainer, 'names'>): Entry[] {
  const prefix = name.toUpperCase().replaceAll(/[-.]/g, '_');
  const { address, env } = linked;
  const ports = linked.ports.map(parsePort).sort((a, b) => a.port - b.port || (a.proto === 'tcp' ? -1 : 1));
  const url = ({ port, proto }: Port) => `${proto}://${address}:${port}`;
  const [first] = ports;
  return [
    ...(first ? [[`${prefix}_PORT`, url(first)] as const] : []),
    ...ports.flatMap((port): Entry[] => {
      const own = `${prefix}_PORT_${port.port}_${port.proto.toUpperCase()}`;
      return [
        [own, url(port)],
        [`${own}_ADDR`, address],
        [`${own}_PORT`, String(port.port)],
        [`${own}_PROTO`, port.proto],
      ];
    }),
    [`${prefix}_NAME`, `/${consumer}/${name}`],
    ...env.flatMap((entry): Entry[] => {
      const [, variable = '', value = ''] = /^([^=]+)=(.*)$/s.exec(entry) ?? [];
      return ['', 'HOME', 'PATH'].includes(variable) ? [] : [[`${prefix}_ENV_${variable}`, value]];
    }),
  ];
}

interface Port {
  readonly port: number;
  readonly proto: string;
}

function parsePort(text: string): Port {
  const [port, proto = 'tcp'] = text.split('/');
  return { port: Number(port), proto };
}

/** The ports that image and service name, published or not: `3306/tcp`. */
export function listExposed(service: ServiceConfig, image: ImageConfig): string[] {
  const published = service.ports.map(({ target, protocol = 'tcp' }) => `${target}/${protocol}`);
  const named = [...Object.keys(image.ExposedPorts ?? {}), ...(service.expose ?? [])].flatMap(expand);
  return [...new Set([...named, ...published])];
}

/** `8000-8002/udp` */
function expand(text: string): string[] {
  const [, first, last = first, proto = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(text) ?? [];
  if (first === undefined) return [];
  const count = Math.min(Number(last), 65_535) - Number(first) + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, i) => `${Number(first) + i}/${proto}`);
}
