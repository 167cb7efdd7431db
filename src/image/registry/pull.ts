import type { ImageEntry } from '../content/image-index.ts';
import type { StoreContext } from '../context.ts';
import type { Platform } from '../platform.ts';
import type { OnImageEvent } from '../progress.ts';
import type { RegistryReference } from '../reference.ts';
export async function pullImage(
  _c: StoreContext,
  _r: RegistryReference,
  _o: { platform: Platform; on?: OnImageEvent; signal?: AbortSignal },
): Promise<ImageEntry> {
  throw new Error('later');
}
