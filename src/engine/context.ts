// What every effect of the native engine is given.

import type { Native } from '../runtime/native.ts';
import type { Instance } from './instance/instance.ts';

export interface EngineContext {
  readonly instance: Instance;
  readonly native: Native;
}
