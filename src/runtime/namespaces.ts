// `pid`, `ipc` and `uts`: whose namespaces a container stands in.

import type { ServiceConfig } from '../project/service-config.ts';
import type { JoinSpec } from './monitor-spec.ts';

export type SharedType = JoinSpec['type'];

export type NamespaceMode =
  | { readonly kind: 'own' }
  | { readonly kind: 'host' }
  /** A service of the project, or a container by name or id. */
  | { readonly kind: 'service' | 'container'; readonly name: string };

/** A namespace of another container that exists. */
export interface NamespaceJoin {
  readonly type: SharedType;
  /** Control socket of its monitor. */
  readonly control: string;
  /** As that container has it. */
  readonly hostname: string;
}

export const SHARED_TYPES: readonly SharedType[] = ['pid', 'ipc', 'uts'];

/** Undefined if it is none. `own` has several names, which `ipc` knows. */
export function parseNamespaceMode(text: string | undefined): NamespaceMode | undefined {
  if (!text || ['private', 'shareable', 'none'].includes(text)) return { kind: 'own' };
  if (text === 'host') return { kind: 'host' };
  const [, kind, name = ''] = /^(service|container):(.+)$/s.exec(text) ?? [];
  return kind === 'service' || kind === 'container' ? { kind, name } : undefined;
}

/** Its processes are the first of a pid namespace of their own. */
export function hasOwnPids({ pid }: Pick<ServiceConfig, 'pid'>): boolean {
  return parseNamespaceMode(pid)?.kind === 'own';
}

/** What comes with a namespace: shared memory with the IPC namespace, and the only /proc that shows its processes. */
const MOUNTS: Readonly<Record<SharedType, readonly string[]>> = {
  pid: ['/proc'],
  ipc: ['/dev/shm'],
  uts: [],
};

export function describeJoins(joins: readonly NamespaceJoin[]): readonly JoinSpec[] {
  return joins.map(({ type, control }) => ({ type, control, mounts: MOUNTS[type] }));
}
