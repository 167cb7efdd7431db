// Images pinned by digest, in a project as plain values: canonical, or with its variables still in it. A source of a
// `type: image` mount may also be a service, which then is no name in a registry.

import type { Path } from './text/tree.ts';

export interface ImageUse {
  readonly reference: string;
  /** Where the project says it first. */
  readonly path: Path;
}

type Plain = Readonly<Record<string, unknown>>;

/** Each reference once. */
export function listImages(project: Plain): ImageUse[] {
  const found = new Map<string, ImageUse>();
  rewriteImages(project, (reference, path) => {
    if (!found.has(reference)) found.set(reference, { reference, path });
    return reference;
  });
  return [...found.values()];
}

export function replaceImages(project: Plain, pinned: ReadonlyMap<string, string>): Plain {
  return rewriteImages(project, (reference) => pinned.get(reference) ?? reference);
}

export interface LockedImages {
  /** An override: services with nothing but their images. */
  readonly project: Plain;
  /** Services with hooks whose images no override can pin, since hooks are added when files are merged. */
  readonly unpinned: readonly string[];
}

export function lockImages(project: Plain): LockedImages {
  const services = Object.entries(servicesOf(project));
  const locked = services.map(([name, { image, volumes }]) => {
    const mounts = mappings(volumes).filter(isImageMount);
    return [
      name,
      { ...(image === undefined ? {} : { image }), ...(mounts.length > 0 ? { volumes: mounts } : {}) },
    ];
  });
  const hasHookImage = ([, service]: [string, Plain]) =>
    mappings(service['pre_start']).some((hook) => hook['image'] !== undefined);
  return {
    project: { services: Object.fromEntries(locked) },
    unpinned: services.filter(hasHookImage).map(([name]) => name),
  };
}

function rewriteImages(project: Plain, change: (reference: string, path: Path) => string): Plain {
  const services = servicesOf(project);
  const rewritten = Object.entries(services).map(([name, service]) => {
    const replace = (owner: Plain, key: string, ...path: Path) => {
      const reference = owner[key];
      if (typeof reference !== 'string' || reference === '') return owner;
      return { ...owner, [key]: change(reference, ['services', name, ...path, key]) };
    };
    const own = replace(service, 'image');
    const hooks = mappings(service['pre_start']).map((hook, at) => replace(hook, 'image', 'pre_start', at));
    const mounts = mappings(service['volumes']).map((mount, at) => {
      const isOther = isImageMount(mount) && !(String(mount['source']) in services);
      return isOther ? replace(mount, 'source', 'volumes', at) : mount;
    });
    return [
      name,
      {
        ...own,
        ...(hooks.length > 0 ? { pre_start: hooks } : {}),
        ...(mounts.length > 0 ? { volumes: mounts } : {}),
      },
    ];
  });
  return { ...project, services: Object.fromEntries(rewritten) };
}

function servicesOf(project: Plain): Readonly<Record<string, Plain>> {
  return (project['services'] ?? {}) as Readonly<Record<string, Plain>>;
}

/** A list may also have items that are no mappings where variables stand in it: then nothing is known of it. */
function mappings(value: unknown): Plain[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [];
  return list.every((item) => typeof item === 'object' && item !== null) ? (list as Plain[]) : [];
}

function isImageMount(mount: Plain): boolean {
  return mount['type'] === 'image';
}
