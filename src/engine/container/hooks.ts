// The hooks of a container in full, environment included, in its bundle: the record has but digests of it, and the files
// may have changed since.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { HookPhase } from '../../plan/operation.ts';
import type { HookConfig, ServiceConfig } from '../../project/service-config.ts';

type Hooks = Pick<ServiceConfig, HookPhase>;

export function writeHooks(bundle: string, { post_start, pre_stop }: ServiceConfig): void {
  if (!post_start?.length && !pre_stop?.length) return;
  writeFileSync(join(bundle, 'hooks.json'), JSON.stringify({ v: 1, post_start, pre_stop }), { mode: 0o600 });
}

export function readHook(bundle: string, phase: HookPhase, index: number): HookConfig | undefined {
  const text = unless(['ENOENT'], () => readFileSync(join(bundle, 'hooks.json'), 'utf8'));
  return text === undefined ? undefined : (JSON.parse(text) as Hooks)[phase]?.[index];
}
