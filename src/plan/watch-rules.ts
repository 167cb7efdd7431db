// `develop.watch` of services as rules: which files matter to whom, and what is done when they change. Source: compose-spec,
// develop.md.

import { posix } from 'node:path';
import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { ProjectModel } from '../project/model.ts';
import type { HookConfig, ServiceConfig } from '../project/service-config.ts';
import type { Selection } from './selection.ts';

export type WatchAction = 'sync' | 'rebuild' | 'restart' | 'sync+restart' | 'sync+exec';

export interface WatchRule {
  readonly service: string;
  readonly action: WatchAction;
  /** Absolute. A directory or a file; it may not be there. */
  readonly path: string;
  /** In the container, absolute. Of `sync` and its kin. With a slash at its end: a file goes into that directory. */
  readonly target?: string;
  /** Of `sync+exec`. */
  readonly exec?: HookConfig;
  /** As in .dockerignore, relative to `path`. */
  readonly ignore: readonly string[];
  /** Empty: everything. */
  readonly include: readonly string[];
  readonly initialSync: boolean;
  /** Absolute paths that the service has mounted: it sees them as they are. */
  readonly mounted: readonly string[];
  /** Whose ignore file counts, too. */
  readonly context?: WatchedContext;
}

export interface WatchedContext {
  readonly directory: string;
  readonly dockerfile?: string;
  /** Absolute paths that its ignore file may leave out, and that count all the same: a build goes by them. */
  readonly always: readonly string[];
}

export interface WatchRules {
  readonly rules: readonly WatchRule[];
  readonly warnings: readonly Warning[];
}

interface Trigger {
  readonly path: string;
  readonly action: WatchAction;
  readonly target?: string;
  readonly exec?: HookConfig;
  readonly ignore?: readonly string[];
  readonly include?: readonly string[];
  readonly initial_sync?: boolean;
  /** Until Docker Compose 2.36. */
  readonly 'x-initialSync'?: boolean;
}

export function copies({ action }: Pick<WatchRule, 'action'>): boolean {
  return action.startsWith('sync');
}

/** Fails if none of the services has a rule, or if one of them cannot be followed. `asked`: named by the user. */
export function listWatchRules(
  model: ProjectModel,
  { selected }: Selection,
  asked: readonly string[] = [],
): WatchRules {
  const warnings: Warning[] = [];
  const rules = [...selected].flatMap((name) => {
    const service = model.services[name];
    if (service === undefined) return [];
    const triggers = (service.develop?.['watch'] ?? []) as readonly Trigger[];
    if (triggers.length === 0 && asked.includes(name)) warnings.push(explainNothing(name));
    return triggers.flatMap((trigger, index) => {
      const rule = describeRule(service, trigger);
      checkRule(model, service, rule, index);
      const mount = copies(rule) ? rule.mounted.find((path) => isAtOrBelow(rule.path, path)) : undefined;
      if (mount === undefined) return [rule];
      warnings.push(explainMount(model, rule, index));
      return [];
    });
  });
  if (rules.length === 0) throw nothingToWatch([...selected], warnings);
  return { rules, warnings };
}

function describeRule(service: ServiceConfig, trigger: Trigger): WatchRule {
  const { action, exec, ignore = [], include = [], path, target } = trigger;
  const isSync = copies({ action });
  const context = describeContext(service, action);
  return {
    ...{ service: service.name, action, path, ignore, include },
    ...(isSync && target !== undefined && { target: absoluteTarget(target) }),
    ...(action === 'sync+exec' && exec !== undefined && { exec }),
    initialSync: isSync && (trigger.initial_sync === true || trigger['x-initialSync'] === true),
    mounted: isSync ? listBindSources(service) : [],
    ...(context && { context }),
  };
}

/** Undefined: it is not of this machine, or nothing is built. */
function describeContext({ build }: ServiceConfig, action: WatchAction): WatchedContext | undefined {
  if (!build?.context?.startsWith('/')) return undefined;
  const { context: directory, dockerfile_inline: inline } = build;
  const dockerfile =
    inline === undefined ? posix.resolve(directory, build.dockerfile ?? 'Dockerfile') : undefined;
  const files = dockerfile === undefined ? [] : [dockerfile, `${dockerfile}.dockerignore`];
  return {
    directory,
    ...(dockerfile !== undefined && { dockerfile }),
    always: action === 'rebuild' ? [...files, posix.join(directory, '.dockerignore')] : [],
  };
}

/** A relative target counts from the root, as an archive that is unpacked there has it. */
function absoluteTarget(target: string): string {
  return `/${target}`.replace(/\/+/g, '/');
}

function listBindSources({ volumes = [] }: ServiceConfig): string[] {
  return volumes.flatMap(({ source, type }) => (type === 'bind' && source !== undefined ? [source] : []));
}

export function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

function checkRule(model: ProjectModel, service: ServiceConfig, rule: WatchRule, index: number): void {
  const refuse = (message: string, hint: string) => {
    const source = model.positions.at(['services', service.name, 'develop', 'watch', index]);
    return new TcError(message, { code: 'watch-rule', hints: [hint], ...(source && { source }) });
  };
  if (rule.action === 'rebuild' && service.build === undefined) {
    throw refuse(
      `service ${service.name} has no \`build:\`, so there is nothing to rebuild when ${rule.path} changes`,
      'give it a `build:`, or take the action sync or restart',
    );
  }
  if (rule.action === 'sync+exec' && !rule.exec?.command.length) {
    throw refuse(
      `service ${service.name} watches ${rule.path} with sync+exec and says no command`,
      'add `exec: {command: ...}`, or take the action sync',
    );
  }
}

function explainMount(model: ProjectModel, { path, service }: WatchRule, index: number): Warning {
  const source = model.positions.at(['services', service, 'develop', 'watch', index]);
  return {
    code: 'watch-mounted',
    message: `service ${service} has ${path} mounted: it is not synced, since every change is there at once`,
    hint: 'take away the rule or the mount',
    ...(source && { source }),
  };
}

function explainNothing(service: string): Warning {
  return { code: 'watch-nothing', message: `service ${service} has no rules in develop.watch` };
}

function nothingToWatch(services: readonly string[], warnings: readonly Warning[]): TcError {
  const mounted = warnings.filter(({ code }) => code === 'watch-mounted').map(({ message }) => message);
  return new TcError(`nothing to watch: none of ${services.join(', ')} has rules in develop.watch`, {
    code: 'watch-nothing',
    hints: [
      ...mounted,
      'add `develop: {watch: [{action: sync, path: ./src, target: /app/src}]}` to a service: docs/watch.md',
    ],
  });
}
