// One effect each: networks and volumes.

import { formatResourceLabels } from '../container/labels.ts';
import { createNetwork, removeNetwork } from '../network/networks.ts';
import { createVolume, removeVolume } from '../volume/volumes.ts';
import type { Executors } from './execution.ts';

export const resourceExecutors: Pick<
  Executors,
  'create-network' | 'remove-network' | 'create-volume' | 'remove-volume'
> = {
  async 'create-network'({ key, config }, { execution }) {
    const project = execution.project.name;
    const record = await createNetwork(execution.context, {
      key,
      project,
      config,
      labels: formatResourceLabels('network', project, key, config.labels),
    });
    execution.addNetwork(record);
    execution.events.resource('network', 'create', record.id, record.name);
  },

  async 'remove-network'({ id, name }, { execution }) {
    const record = execution.networks.get(id);
    if (record === undefined) return;
    await removeNetwork(execution.context, record);
    execution.networks.delete(id);
    execution.events.resource('network', 'destroy', id, name);
  },

  async 'create-volume'({ key, config }, { execution }) {
    const project = execution.project.name;
    const record = await createVolume(execution.context, {
      key,
      project,
      config,
      labels: formatResourceLabels('volume', project, key, config.labels),
      anonymous: false,
    });
    execution.volumes.set(record.name, record);
    execution.events.resource('volume', 'create', record.name, record.name);
  },

  async 'remove-volume'({ name }, { execution }) {
    await removeVolume(execution.context, name);
    execution.volumes.delete(name);
    execution.events.resource('volume', 'destroy', name, name);
  },
};
