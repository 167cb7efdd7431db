// A service, an image and a kind of host in YAML -> config.json, monitor.json and the files of the bundle, as YAML.

import { describe } from 'vitest';
import { parse, stringify } from 'yaml';
import type { ImageConfig, ImageMount } from '../../../src/image/image.ts';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import { computeContainer } from '../../../src/runtime/container.ts';
import type { AccountFiles, ContainerInput, NetworkInput } from '../../../src/runtime/container-input.ts';
import { describeHost, type HostKind } from '../../unit/runtime/hosts.ts';
import { testGoldenFiles } from '../golden-file.ts';

interface Case {
  readonly host: HostKind;
  readonly service: Partial<ServiceConfig>;
  readonly image?: ImageConfig & { readonly mounts?: readonly ImageMount[] };
  readonly accounts?: AccountFiles;
  readonly network?: Partial<NetworkInput>;
  readonly binds?: ContainerInput['binds'];
  readonly disks?: ContainerInput['disks'];
  readonly idRange?: ContainerInput['idRange'];
  readonly runtime?: ContainerInput['runtime'];
  readonly secrets?: ContainerInput['secrets'];
  readonly imageVolumes?: ContainerInput['imageVolumes'];
  readonly apparmor?: boolean;
  readonly selinux?: boolean;
  /** Top-level members of the answer, dotted, that are shown; all without it. */
  readonly show?: readonly string[];
}

const ID = 'c0ffee'.padEnd(64, '0');

function describeInput({
  host,
  service,
  image = {},
  accounts = {},
  network = {},
  binds = [],
  disks = {},
  idRange,
  runtime,
  secrets = [],
  imageVolumes = [],
  apparmor = false,
  selinux = false,
}: Case): ContainerInput {
  const { mounts = [], ...config } = image;
  return {
    service: {
      name: 'web',
      command: ['serve'],
      entrypoint: null,
      environment: {},
      labels: {},
      depends_on: {},
      ports: [],
      volumes: [],
      ...service,
    },
    image: { id: `sha256:${ID}`, reference: 'test', config, layers: ['/layers/top', '/layers/base'], mounts },
    accounts,
    identity: { id: ID, name: 'demo-web-1', project: 'demo', service: 'web', number: 1 },
    host: { ...describeHost(host), hasApparmor: apparmor, hasSelinux: selinux },
    network: { mode: 'private', endpoints: [], ports: [], isolated: false, ...network },
    binds,
    disks,
    secrets,
    imageVolumes,
    ...(idRange && { idRange }),
    ...(runtime && { runtime }),
    paths: { bundle: '/var/lib/tcompose/containers/x', runDir: '/run/tcompose/containers/x' },
    table: 'tcompose',
    onEnd: 'keep',
  };
}

function produce(text: string): string {
  const golden = parse(text) as Case;
  let answer: unknown;
  try {
    answer = shorten(computeContainer(describeInput(golden)));
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  return stringify(select(answer, golden.show), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The id and the filter, which would fill the page. */
function shorten(bundle: ReturnType<typeof computeContainer>): unknown {
  const text = JSON.stringify(bundle, (key, value) => {
    if (key === 'filter' || key === 'deviceFilter')
      return `${Buffer.from(value, 'base64').length / 8} instructions`;
    if (key === 'seccomp' && value.syscalls) return `${value.syscalls.length} rules`;
    return value;
  });
  return JSON.parse(text.replaceAll(ID, 'ID').replaceAll(ID.slice(0, 12), 'SHORT-ID'));
}

function select(answer: unknown, show: readonly string[] | undefined): unknown {
  if (!show || (answer as { error?: string }).error) return answer;
  return Object.fromEntries(
    show.map((path) => [
      path,
      path.split('.').reduce((value, key) => (value as Record<string, unknown>)?.[key], answer),
    ]),
  );
}

describe('computeContainer', () => testGoldenFiles('container', produce));
