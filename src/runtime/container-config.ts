// config.json: the OCI runtime configuration of a container.

import { locateFiles } from './container-files.ts';
import type { ContainerInput, IdRange } from './container-input.ts';
import type { Decisions } from './decisions.ts';
import { resolveDeviceRules } from './devices.ts';
import { maskedPaths, READONLY_PATHS } from './hidden-paths.ts';
import { computeMounts, mapOwners } from './mounts.ts';
import { parseNamespaceMode } from './namespaces.ts';
import type { OciConfig, OciLinux, OciProcess } from './oci-config.ts';
import { formatOciResources } from './oci-resources.ts';
import { resolveArguments, resolveEnvironment, resolveWorkingDirectory } from './process.ts';
import { resolveRlimits } from './rlimits.ts';
import { resolveSysctls } from './sysctls.ts';

const OCI_VERSION = '1.2.0';

export function computeConfig(input: ContainerInput, decisions: Decisions): OciConfig {
  const { service } = input;
  const hasOwnNames = parseNamespaceMode(service.uts)?.kind === 'own';
  return {
    ociVersion: OCI_VERSION,
    process: computeProcess(input, decisions),
    root: { path: 'rootfs', readonly: service.read_only === true },
    ...(hasOwnNames && { hostname: decisions.hostname }),
    ...(hasOwnNames && service.domainname && { domainname: service.domainname }),
    mounts: computeAllMounts(input),
    ...(service.annotations && { annotations: service.annotations }),
    linux: computeLinux(input, decisions),
  };
}

function computeAllMounts(input: ContainerInput): OciConfig['mounts'] {
  const { service, image, idRange } = input;
  const mounts = [
    ...computeMounts({
      service,
      imageMounts: image.mounts,
      binds: input.binds,
      imageVolumes: input.imageVolumes ?? [],
      files: locateFiles(input),
    }),
    ...(input.grant?.mounts ?? []),
  ];
  return idRange === undefined ? mounts : mounts.map(mapOwners);
}

function computeProcess(input: ContainerInput, decisions: Decisions): OciProcess {
  const { service, image, host } = input;
  const { user, capabilities, oomScoreAdj } = decisions;
  const tty = service.tty === true;
  return {
    terminal: tty,
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args: resolveArguments(service, image.config),
    env: resolveEnvironment({
      image: image.config,
      service: service.environment,
      hostname: decisions.hostname,
      home: user.home,
      tty,
      devices: input.grant?.env ?? [],
    }),
    cwd: resolveWorkingDirectory(service, image.config),
    // None is ambient, so that exec drops them for other users than root. None is inheritable: CVE-2022-24769.
    capabilities: {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: [],
      ambient: [],
    },
    rlimits: resolveRlimits({
      serviceName: service.name,
      ulimits: service.ulimits ?? {},
      host: host.limits,
      canRaise: host.capabilities.includes('CAP_SYS_RESOURCE'),
    }),
    noNewPrivileges: decisions.noNewPrivileges,
    ...(oomScoreAdj !== undefined && { oomScoreAdj }),
    ...(decisions.apparmorProfile !== undefined && { apparmorProfile: decisions.apparmorProfile }),
  };
}

function computeLinux(input: ContainerInput, decisions: Decisions): OciLinux {
  const { service, host, network } = input;
  const isBare = decisions.hasBareSystemPaths;
  return {
    namespaces: computeNamespaces(input),
    ...computeIdMappings(input.idRange),
    ...(input.devices?.length && { devices: input.devices.map(({ access, ...node }) => node) }),
    cgroupsPath: `/${decisions.cgroupsPath}`,
    resources: formatOciResources(decisions.limits, {
      disks: input.disks ?? {},
      deviceRules: service.privileged ? undefined : resolveDeviceRules(service, input.devices ?? []),
    }),
    sysctl: resolveSysctls(service.sysctls ?? {}, network.mode === 'private'),
    ...(decisions.seccomp && { seccomp: decisions.seccomp.oci }),
    maskedPaths: isBare ? [] : maskedPaths(host.cpus),
    readonlyPaths: isBare ? [] : READONLY_PATHS,
    rootfsPropagation: choosePropagation(input),
  };
}

function computeIdMappings(range: IdRange | undefined): Pick<OciLinux, 'uidMappings' | 'gidMappings'> {
  if (range === undefined) return {};
  const map = (hostID: number) => [{ containerID: 0, hostID, size: range.size }];
  return { uidMappings: map(range.uid), gidMappings: map(range.gid) };
}

function computeNamespaces({ service, network, idRange }: ContainerInput): OciLinux['namespaces'] {
  const isOwn = {
    user: idRange !== undefined,
    mount: true,
    pid: service.pid !== 'host',
    ipc: service.ipc !== 'host',
    uts: service.uts !== 'host',
    cgroup: service.cgroup !== 'host',
    network: network.mode !== 'host',
  };
  const types = Object.keys(isOwn) as (keyof typeof isOwn)[];
  return types.filter((type) => isOwn[type]).map((type) => ({ type }));
}

/** A bind that shares its mounts with the host needs a root that does not cut the tie. */
function choosePropagation({ binds }: ContainerInput): string {
  const asked = binds.map(({ propagation }) => propagation);
  if (asked.some((each) => each === 'shared' || each === 'rshared')) return 'rshared';
  return asked.some((each) => each === 'slave' || each === 'rslave') ? 'rslave' : 'rprivate';
}
