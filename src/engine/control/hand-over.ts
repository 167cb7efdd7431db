// Asks a monitor for descriptors: its published sockets, its network namespace, the lock of its container.

import { join } from 'node:path';
import type { Descriptor } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';

/** Empty if the monitor has ended meanwhile: then what it held is free. The descriptors are the caller's to close. */
export async function receiveFromMonitor(
  context: EngineContext,
  containerId: string,
  op: 'sockets' | 'netns',
): Promise<Descriptor[]> {
  const { control, fds } = await ask(context, containerId, op);
  if (control !== undefined) context.native.close(control);
  return fds;
}

/** A container that is between two lives and begins no other. */
export interface Hold {
  /** As long as any process has this open, no life begins. */
  readonly connection: Descriptor;
  /** Of the bundle, for when the monitor ends meanwhile. */
  readonly lock: Descriptor;
}

/** Undefined: the container runs, or its monitor has ended or is older than this. Waits for others who hold it. */
export async function holdContainer(context: EngineContext, containerId: string): Promise<Hold | undefined> {
  const { control, fds } = await ask(context, containerId, 'hold');
  const [lock] = fds;
  if (control !== undefined && lock !== undefined) return { connection: control, lock };
  if (control !== undefined) context.native.close(control);
  return undefined;
}

async function ask(
  { native, instance }: EngineContext,
  containerId: string,
  op: string,
): Promise<{ readonly control?: Descriptor; readonly fds: Descriptor[] }> {
  let control: Descriptor | undefined;
  try {
    control = native.connectUnix(join(instance.paths.containerRun(containerId), 'ctl'));
    native.sendDescriptors(control, Buffer.from(`${JSON.stringify({ v: 1, op })}\n`), []);
    return { control, fds: (await native.receiveDescriptors(control)).fds };
  } catch {
    if (control !== undefined) native.close(control);
    return { fds: [] };
  }
}
