// What is known of the runtimes that `runtime` may name. Pure.

import { basename } from 'node:path';

/** A program that makes containers by the OCI's command line; found, not asked. */
export interface OciRuntime {
  /** As the service names it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Given before those of tcompose. */
  readonly arguments: readonly string[];
}

export interface RuntimeTraits {
  /** More arguments that it needs. */
  readonly arguments: readonly string[];
  /** It puts the container into the cgroups of `cgroupsPath` by itself. */
  readonly entersCgroups: boolean;
  /** It refuses hosts that have both kinds of cgroups, if it sees them. */
  readonly refusesHybrid: boolean;
  /** Its containers are namespaces of this kernel: one can enter them. Else they may have a kernel of their own. */
  readonly isOpaque: boolean;
}

/** Docker's name for what it does by default, which here is tcrun. */
const OWN = 'io.containerd.runc.v2';

const NAMESPACES: RuntimeTraits = {
  arguments: [],
  entersCgroups: true,
  refusesHybrid: false,
  isOpaque: false,
};

/** crun would set what is set already, and on hybrid hosts refuses to. */
const CRUN: RuntimeTraits = {
  arguments: ['--cgroup-manager=disabled'],
  entersCgroups: false,
  refusesHybrid: true,
  isOpaque: false,
};

/** By what its program is called. NVIDIA's wrapper executes runc, after a change to the configuration. */
const KNOWN: Readonly<Record<string, RuntimeTraits>> = {
  runc: NAMESPACES,
  crun: CRUN,
  youki: NAMESPACES,
  'nvidia-container-runtime': NAMESPACES,
  'nvidia-container-runtime.cdi': NAMESPACES,
  'nvidia-container-runtime.legacy': NAMESPACES,
};

/** Of a program that is not known nothing is taken for granted. */
const UNKNOWN: RuntimeTraits = { ...NAMESPACES, isOpaque: true };

/** Programs that are taken from PATH though nobody registered them. */
export const WELL_KNOWN: readonly string[] = [...Object.keys(KNOWN), 'runsc', 'sysbox-runc'];

export function traitsOf({ path }: Pick<OciRuntime, 'path'>): RuntimeTraits {
  return KNOWN[basename(path)] ?? UNKNOWN;
}

/** Nothing is named, or what Docker calls its default. */
export function isOwnRuntime(name: string | undefined): boolean {
  return name === undefined || name === '' || name === OWN;
}

/** `io.containerd.runsc.v1`, `/usr/bin/containerd-shim-kata-v2`: made for containerd, which is not here. */
export function isShim(name: string): boolean {
  return /^io\.containerd\./.test(name) || basename(name).startsWith('containerd-shim-');
}
