// The names that completion offers for a service. Whoever presses TAB wants no error text: what does not load has no names.

import type { AppContext } from './context.ts';
import { loadModel } from './project.ts';

export function serviceNames(context: AppContext): readonly string[] {
  try {
    return Object.keys(loadModel(context).services);
  } catch {
    return [];
  }
}
