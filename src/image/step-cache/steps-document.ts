// Steps of builds as they are given to other machines: under which keys a step's layer is known, beside the layers
// themselves. A document of its own in a manifest of layers, or a member of an image's config (`type=inline`).

import {
  type Descriptor,
  expectArray,
  expectObject,
  expectString,
  type JsonObject,
  malformed,
  parseDescriptor,
  parseJsonObject,
} from '../descriptor.ts';
import { type Digest, parseDigest } from '../digest.ts';

/** Config of a manifest that is no image but a cache. */
export const stepsType = 'application/vnd.tcompose.build.steps.v1+json';
/** In the config of an image. */
export const inlineMember = 'vnd.tcompose.build.steps.v1';

export interface SharedStep {
  readonly keys: readonly string[];
  readonly chainId: Digest;
  readonly diffId: Digest;
  /** RFC 3339: when it ran. */
  readonly created: string;
  readonly layer: Descriptor;
}

interface StepRow {
  readonly keys: readonly string[];
  readonly chainId: Digest;
  readonly diffId: Digest;
  readonly created: string;
  /** Number of the manifest's layer. */
  readonly layer: number;
}

/** `layers`: of the manifest that the steps stand in. */
export function formatSteps(steps: readonly SharedStep[], layers: readonly Descriptor[]): JsonObject {
  const rows = steps.map(
    ({ layer, keys, chainId, diffId, created }): StepRow => ({
      keys,
      chainId,
      diffId,
      created,
      layer: layers.findIndex(({ digest }) => digest === layer.digest),
    }),
  );
  return { version: 1, steps: rows };
}

/** Everything in it comes from a stranger. */
function parseSteps(value: unknown, layers: readonly Descriptor[], where: string): SharedStep[] {
  const object = expectObject(value, where);
  if (object['version'] !== 1) throw malformed(where, 'its version is not 1');
  return expectArray(object['steps'], `${where}: steps`).map((each, at) =>
    parseStep(each, layers, `${where}: steps[${at}]`),
  );
}

function parseStep(value: unknown, layers: readonly Descriptor[], where: string): SharedStep {
  const object = expectObject(value, where);
  const layer = typeof object['layer'] === 'number' ? layers[object['layer']] : undefined;
  if (layer === undefined) throw malformed(where, 'it names no layer of the manifest');
  return {
    keys: expectArray(object['keys'], `${where}: keys`).map((key) => parseKey(key, where)),
    chainId: parseDigest(object['chainId'], where),
    diffId: parseDigest(object['diffId'], where),
    created: expectString(object['created'], `${where}: created`),
    layer,
  };
}

/** It becomes the name of a file. */
function parseKey(value: unknown, where: string): string {
  const key = expectString(value, `${where}: keys`);
  if (/^[0-9a-f]{64}$/.test(key)) return key;
  throw malformed(where, 'a key is not 64 hexadecimal digits');
}

/** Of a manifest whose config has been read: a cache, or an image with one in it. None: an image of somebody else. */
export function readSteps(manifest: JsonObject, configBytes: Uint8Array, where: string): SharedStep[] {
  const config = parseDescriptor(manifest['config'], `${where}: config`);
  const layers = expectArray(manifest['layers'], `${where}: layers`).map((layer, at) =>
    parseDescriptor(layer, `${where}: layers[${at}]`),
  );
  const document = parseJsonObject(configBytes, `${where}: config`);
  const steps = config.mediaType === stepsType ? document : document[inlineMember];
  return steps === undefined ? [] : parseSteps(steps, layers, where);
}
