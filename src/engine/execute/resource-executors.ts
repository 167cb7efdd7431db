// One effect each: networks and volumes.

import { TcError } from '../../base/error.ts';
import { formatResourceLabels } from '../container/labels.ts';
import { createNetwork, removeNetwork } from '../network/networks.ts';
import { createVolume, removeVolume } from '../volume/volumes.ts';
import type { Executors } from './execution.ts';

export const resourceExecutors: Pick<
  Executors,
  'create-network' | 'remove-network' | 'create-volume' | 'remove-volume' | 'remove-image'
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

  async 'remove-image'({ image, reference }, { execution }) {
    try {
      const { deleted, untagged } = await execution.removeImage(reference);
      for (const name of untagged) execution.events.resource('image', 'untag', name, name);
      for (const id of deleted) execution.events.resource('image', 'delete', id, image);
    } catch (error) {
      if (!(error instanceof TcError) || !keeping.has(error.code)) throw error;
      const { code, message } = error;
      // Whoever got hold of it since the plan was made keeps it; whoever removed it has done the work.
      if (code !== 'no-such-image') execution.warn({ code, message: `image ${image} stays: ${message}` });
    }
  },
};

const keeping: ReadonlySet<string> = new Set(['image-in-use', 'image-has-names', 'no-such-image']);
