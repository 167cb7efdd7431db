// A container as an image or as an archive: read from its layers on disk, whether it runs or not.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import type { ObservedContainer, RecordedService } from '../../plan/observed-state.ts';
import type { MonitorSpec, RootSpec } from '../../runtime/monitor-spec.ts';
import { whileFrozen } from '../container/freeze.ts';
import type { EngineContext } from '../context.ts';
import { openEventLog } from '../event/event-log.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { readContainerRecord } from '../record/container-record.ts';
import type { CommitOptions, ImageEntry } from './image-port.ts';
import type { Images } from './images.ts';

export async function commitContainer(
  context: EngineContext,
  images: Images,
  container: ObservedContainer,
  { pause, ...options }: CommitOptions,
): Promise<ImageEntry> {
  const { paths } = context.instance;
  const { upper } = readRoot(paths, container);
  const store = await images.store();
  const changes = [...formatOwnChanges(container.recorded), ...(options.changes ?? [])];
  const read = () => store.commit({ ...options, changes, imageId: container.inputs.imageId, upper });
  const record = readContainerRecord(paths, container.id);
  const events = openEventLog(paths.events);
  const tell = (action: string) => {
    if (record !== undefined) events.container(action, record);
  };
  const entry = pause ? await whileFrozen(context, container.id, read, tell) : await read();
  tell('commit');
  return entry;
}

/**
 * What the service says over its image, as instructions of a Dockerfile. Not its environment: that is where secrets are,
 * and images get around.
 */
function formatOwnChanges(service: RecordedService): string[] {
  const { entrypoint, command, user, working_dir: directory, stop_signal: signal } = service;
  // A service's entrypoint makes the image's command void.
  const cmd = command ?? (entrypoint === null ? null : []);
  return [
    ...(entrypoint === null ? [] : [`ENTRYPOINT ${JSON.stringify(entrypoint)}`]),
    ...(cmd === null ? [] : [`CMD ${JSON.stringify(cmd)}`]),
    ...(user ? [`USER ${user}`] : []),
    ...(directory ? [`WORKDIR ${directory}`] : []),
    ...(signal ? [`STOPSIGNAL ${signal}`] : []),
  ];
}

export async function* exportContainer(
  paths: InstancePaths,
  images: Images,
  container: ObservedContainer,
): AsyncIterable<Uint8Array> {
  const { upper, layers } = readRoot(paths, container);
  const store = await images.store();
  yield* store.export({ layers: [upper, ...layers] });
}

function readRoot(paths: InstancePaths, { id, name }: ObservedContainer): RootSpec {
  const path = join(paths.container(id), 'monitor.json');
  const text = unless(['ENOENT'], () => readFileSync(path, 'utf8'));
  if (text !== undefined) return (JSON.parse(text) as MonitorSpec).root;
  throw new TcError(`container ${name} is gone`, { code: 'container-gone' });
}
