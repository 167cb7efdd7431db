// A connection to a running container's monitor that descriptors can be sent over.

import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { Descriptor } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';

export function connectControl(
  { native, instance }: EngineContext,
  container: Pick<ObservedContainer, 'id' | 'name'>,
): Descriptor {
  try {
    return native.connectUnix(join(instance.paths.containerRun(container.id), 'ctl'));
  } catch (cause) {
    if (!['ENOENT', 'ECONNREFUSED'].includes(errnoOf(cause) ?? '')) throw cause;
    throw new TcError(`container ${container.name} is not running`, { code: 'not-running', cause });
  }
}
