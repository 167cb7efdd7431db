// Asks a monitor for descriptors: its published sockets, its network namespace.

import { join } from 'node:path';
import type { Descriptor } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';

/** Empty if the monitor has ended meanwhile: then what it held is free. The descriptors are the caller's to close. */
export async function receiveFromMonitor(
  { native, instance }: EngineContext,
  containerId: string,
  op: 'sockets' | 'netns',
): Promise<Descriptor[]> {
  let control: Descriptor | undefined;
  try {
    control = native.connectUnix(join(instance.paths.containerRun(containerId), 'ctl'));
    native.sendDescriptors(control, Buffer.from(`${JSON.stringify({ v: 1, op })}\n`), []);
    return (await native.receiveDescriptors(control)).fds;
  } catch {
    return [];
  } finally {
    if (control !== undefined) native.close(control);
  }
}
