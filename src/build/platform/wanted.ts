// For which platforms a build is, and how its stages are told apart. Pure.

import { defaultPlatform, formatPlatform, type Platform, parsePlatform } from '../../image/platform.ts';

/** Each once, in the order in which they are asked for; `linux/arm64` and `arm64/v8` are one. */
export function listPlatforms(texts: readonly string[] = []): readonly Platform[] {
  const all = texts.flatMap((text) => text.split(',')).map((text) => parsePlatform(text.trim()));
  const wanted = all.length === 0 ? [defaultPlatform()] : all;
  return [...new Map(wanted.map((platform) => [formatPlatform(platform), platform])).values()];
}

/** `linux/arm64 `; of a stage on one platform that works for another, `linux/amd64->arm64 ` (BuildKit's). */
export function formatPrefix(stage: Platform, target: Platform): string {
  const own = formatPlatform(stage);
  const other = formatPlatform(target);
  if (own === other) return `${own} `;
  return `${own}->${stage.os === target.os ? other.slice(target.os.length + 1) : other} `;
}
