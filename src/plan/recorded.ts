// The form of a service that a container record keeps, and how a desired service differs from it.

import type { NullableStringMap, PositionIndex } from '../project/model.ts';
import type { DeployConfig, HookConfig, ServiceConfig } from '../project/service-config.ts';
import { diffFields } from './field-diff.ts';
import type { RecordedService } from './observed-state.ts';
import type { FieldChange } from './operation.ts';

/** Attributes that act before a container exists or on several at once: a change needs no new container. */
const excluded = [
  'build',
  'pull_policy',
  'pull_refresh_after',
  'scale',
  'profiles',
  'attach',
  'develop',
  // Their content is in `environment` and `labels`.
  'env_file',
  'label_file',
  'tcompose',
  'extensions',
] as const;

type Digest = (text: string) => string;

/**
 * The service as its container's record keeps it. `digest` is the keyed digest of a text, `hmac:<hex>`; it replaces the
 * values of environment variables, together with their names, so that equal values of two variables do not show.
 */
export function recordService(service: ServiceConfig, digest: Digest): RecordedService {
  const kept = Object.entries(service).filter(
    ([attribute, value]) => value !== undefined && !(excluded as readonly string[]).includes(attribute),
  );
  const recorded = Object.fromEntries(kept) as unknown as ServiceConfig;
  const deploy = recordDeploy(service.deploy);
  return {
    ...recorded,
    depends_on: {},
    environment: digestValues(service.environment, digest),
    ...(service.deploy === undefined ? {} : { deploy }),
    ...recordHooks(service, digest),
  };
}

/** Differences of two recorded services by field, with the place where the new value was written. */
export function diffServices(
  from: RecordedService,
  to: RecordedService,
  positions?: PositionIndex,
): FieldChange[] {
  return diffFields(comparable(from), comparable(to), { at: ['services', to.name], positions });
}

/** A record of an older version may carry attributes that are excluded today. */
function comparable(service: RecordedService): Readonly<Record<string, unknown>> {
  const ignored: readonly string[] = [...excluded, 'name', 'depends_on', 'deploy'];
  const kept = Object.entries(service).filter(([attribute]) => !ignored.includes(attribute));
  return { ...Object.fromEntries(kept), deploy: recordDeploy(service.deploy) };
}

/** What of `deploy` a single container feels. Its labels are the service's, not the container's. */
function recordDeploy(deploy: DeployConfig | undefined): DeployConfig | undefined {
  if (deploy === undefined) return undefined;
  const { resources, restart_policy } = deploy;
  return {
    ...(resources === undefined ? {} : { resources }),
    ...(restart_policy === undefined ? {} : { restart_policy }),
  };
}

function recordHooks(service: ServiceConfig, digest: Digest): Partial<ServiceConfig> {
  const record = (hooks: readonly HookConfig[]): HookConfig[] =>
    hooks.map((hook) =>
      hook.environment ? { ...hook, environment: digestValues(hook.environment, digest) } : hook,
    );
  return {
    ...(service.pre_start && { pre_start: record(service.pre_start) }),
    ...(service.post_start && { post_start: record(service.post_start) }),
    ...(service.pre_stop && { pre_stop: record(service.pre_stop) }),
  };
}

function digestValues(values: NullableStringMap, digest: Digest): NullableStringMap {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null ? null : digest(`${name}=${value}`)]),
  );
}
