// The network of build steps: one bridge for all builds of an instance, made by the first that needs it, gone with the
// last. Whoever uses it shares a lock; whoever gets that lock alone may remove it.

import { closeSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkInput } from '../../runtime/container-input.ts';
import type { Descriptor } from '../../runtime/native.ts';
import { describeEndpoints } from '../container/endpoints.ts';
import type { EngineContext } from '../context.ts';
import { openLockFile, withDirectoryLock } from '../lock/file-lock.ts';
import { lease } from '../network/leases.ts';
import { createNetwork, deriveMac, ensureNetworks, removeNetwork } from '../network/networks.ts';
import type { NetworkRecord } from '../record/network-record.ts';
import { findBuildNetwork, BUILD_NETWORK_KEY as key } from './build-network-record.ts';

const name = 'tcompose-build';

export class BuildNetwork {
  readonly #context: EngineContext;
  #joined: Promise<{ readonly record: NetworkRecord; readonly lock: Descriptor }> | undefined;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** What the step with this id is connected to. */
  async join(id: string, mode: 'default' | 'none' | 'host'): Promise<NetworkInput> {
    const nothing = { endpoints: [], ports: [], isolated: false };
    if (mode !== 'default') return { mode: mode === 'host' ? 'host' : 'private', ...nothing };
    this.#joined ??= this.#open();
    const { record } = await this.#joined;
    const { native, instance } = this.#context;
    const leased = await lease(native, instance.paths, {
      key,
      network: record,
      containerId: id,
      mac: deriveMac(`${id}${key}`),
      names: [id.slice(0, 12)],
    });
    const endpoints = describeEndpoints({
      containerId: id,
      plans: [{ key, network: record, config: {} }],
      leases: [leased],
      names: instance.names,
      paths: instance.paths,
    });
    const gateway = record.subnets.find(({ subnet }) => !subnet.includes(':'))?.gateway;
    return {
      ...nothing,
      mode: 'private',
      endpoints,
      ...(gateway === undefined ? {} : { hostGateway: gateway }),
    };
  }

  async #open(): Promise<{ record: NetworkRecord; lock: Descriptor }> {
    const { native, instance } = this.#context;
    const lock = openLockFile(buildLockPath(this.#context));
    await native.lock(lock, 'shared', true);
    // Nobody removes it from here on; of those who come at once one makes it.
    const record = await withDirectoryLock(native, join(instance.paths.locks, 'build'), async () => {
      const known = findBuildNetwork(instance.paths);
      if (known === undefined) return createNetwork(this.#context, { key, config: { name }, labels: {} });
      ensureNetworks(this.#context, [known]);
      return known;
    });
    return { record, lock };
  }

  async leave(): Promise<void> {
    const joined = await this.#joined?.catch(() => undefined);
    if (joined === undefined) return;
    closeSync(joined.lock);
    await removeUnusedBuildNetwork(this.#context);
  }
}

function buildLockPath({ instance }: EngineContext): string {
  return join(instance.paths.locks, 'build-network');
}

/** Also what a killed build left. */
export async function removeUnusedBuildNetwork(context: EngineContext): Promise<void> {
  if (findBuildNetwork(context.instance.paths) === undefined) return;
  const lock = openLockFile(buildLockPath(context));
  try {
    if (!context.native.tryLock(lock, 'exclusive')) return;
    const record = findBuildNetwork(context.instance.paths);
    if (record) await removeNetwork(context, record);
  } finally {
    closeSync(lock);
  }
}
