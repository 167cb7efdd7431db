// Platforms: how they are written, and which manifest of an index runs here. Spellings and order of preference as in
// containerd/platforms, which Docker uses.

import { TcError } from '../base/error.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  x64: 'amd64',
  i386: '386',
  i686: '386',
  ia32: '386',
  aarch64: 'arm64',
  armhf: 'arm/v7',
  armel: 'arm/v6',
  ppc64el: 'ppc64le',
};

const part = /^[A-Za-z0-9_.-]+$/;

/** `linux/arm64/v8`, `arm64`, `linux`. What is left out is this machine's. */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  if (parts.length > 3 || !parts.every((each) => part.test(each))) {
    throw new TcError(`"${text}" is not a platform`, {
      code: 'invalid-platform',
      hints: ['write OS/ARCHITECTURE[/VARIANT], for example linux/arm64/v8'],
    });
  }
  const [first = '', architecture, variant] = parts;
  if (architecture !== undefined) return normalizePlatform({ os: first, architecture, variant });
  if (first.toLowerCase() === 'linux') return hostPlatform();
  return normalizePlatform({ os: 'linux', architecture: first });
}

export function normalizePlatform(platform: {
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string | undefined;
}): Platform {
  const os = (platform.os || 'linux').toLowerCase();
  const given = (platform.architecture || 'amd64').toLowerCase();
  const [architecture = given, implied] = (architectures[given] ?? given).split('/');
  const variant = normalizeVariant(architecture, (platform.variant || implied || '').toLowerCase());
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

function normalizeVariant(architecture: string, variant: string): string | undefined {
  const numbered = /^[0-9]$/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'arm64') return numbered === 'v8' || numbered === '' ? undefined : numbered;
  if (architecture === 'arm') return numbered || 'v7';
  if (architecture === 'amd64' && numbered === 'v1') return undefined;
  return numbered || undefined;
}

export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return `${os}/${architecture}${variant ? `/${variant}` : ''}`;
}

export function hostPlatform(): Platform {
  const { variables } = process.config as { variables?: { arm_version?: number | string } };
  const variant = process.arch === 'arm' ? `v${variables?.arm_version ?? 7}` : undefined;
  return normalizePlatform({ os: 'linux', architecture: process.arch, variant });
}

/** What is meant where nobody says it: as in Docker, `DOCKER_DEFAULT_PLATFORM`, else this machine's. */
export function defaultPlatform(environment: NodeJS.ProcessEnv = process.env): Platform {
  const text = environment['DOCKER_DEFAULT_PLATFORM'];
  if (!text) return hostPlatform();
  try {
    return parsePlatform(text);
  } catch (error) {
    if (!(error instanceof TcError)) throw error;
    const { code, hints } = error;
    throw new TcError(`DOCKER_DEFAULT_PLATFORM: ${error.message}`, { code, hints, cause: error });
  }
}

/** What runs where `wanted` does, best first. */
function runnable(wanted: Platform): string[] {
  const { os, architecture, variant } = wanted;
  const also = (list: string[]) => [formatPlatform(wanted), ...list.map((each) => `${os}/${each}`)];
  if (architecture === 'amd64') return also([...levels(variant, 1).map((v) => `amd64/${v}`), 'amd64', '386']);
  if (architecture === 'arm64') return also(['arm64', 'arm/v8', 'arm/v7', 'arm/v6', 'arm/v5']);
  if (architecture === 'arm') return also(levels(variant, 5).map((v) => `arm/${v}`));
  return also([]);
}

/** v7 -> v6, v5: an older level runs on a newer machine. */
function levels(variant: string | undefined, lowest: number): string[] {
  const highest = Number(variant?.slice(1) ?? 0);
  const list: string[] = [];
  for (let level = highest - 1; level >= lowest; level--) list.push(`v${level}`);
  return list;
}

/** The first best of `candidates` that runs where `wanted` does. */
export function choosePlatform<T extends { readonly platform?: Platform | undefined }>(
  candidates: readonly T[],
  wanted: Platform,
): T | undefined {
  for (const form of runnable(wanted)) {
    const found = candidates.find(
      ({ platform }) => platform !== undefined && formatPlatform(platform) === form,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether an image for `actual` is an answer to a wish for `wanted`. */
export function isRunnable(actual: Platform, wanted: Platform): boolean {
  return runnable(wanted).includes(formatPlatform(actual));
}
