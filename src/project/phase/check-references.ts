// Phase: everything that a service names exists.

import { findNearest } from '../../base/suggest.ts';
import type { DiagnosticCode } from '../diagnostic/diagnostic-code.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { DependencyConfig, ServiceConfig } from '../service-config.ts';
import type { Path } from '../text/tree.ts';
import type { Bound } from './bind.ts';
import { findDependencyCycle } from './dependency-cycle.ts';
import type { PlaceIndex } from './place-index.ts';
import { buildSecrets } from './prune.ts';
import type { Selection } from './select.ts';

export interface CheckContext {
  readonly bound: Bound;
  readonly selection: Selection;
  readonly places: PlaceIndex;
  readonly diagnostics: Diagnostics;
}

export function checkReferences(context: CheckContext): void {
  for (const service of Object.values(context.selection.enabled)) {
    checkDependencies(service, context);
    checkNetworks(service, context);
    checkMounts(service, context);
    checkFileObjects(service, context);
    checkBuildContexts(service, context);
  }
  checkCycle(context);
}

function checkDependencies(service: ServiceConfig, context: CheckContext): void {
  for (const [name, dependency] of Object.entries(service.depends_on)) {
    if (name === service.name) {
      const at = context.places.find(['services', service.name, 'depends_on', name]);
      const message = `service \`${name}\` depends on itself`;
      context.diagnostics.error({ code: 'dependency-cycle', message, at, hints: ['remove this dependency'] });
    } else checkDependency(service, name, dependency, context);
  }
}

function checkDependency(
  service: ServiceConfig,
  name: string,
  dependency: DependencyConfig,
  context: CheckContext,
): void {
  const { enabled, disabled } = context.selection;
  if (name in enabled) return;
  const at = context.places.find(['services', service.name, 'depends_on', name]);
  const other = disabled[name];
  if (other && dependency.required === false) return;
  if (!other && dependency.required === false) {
    context.diagnostics.warn({
      code: 'service-unknown',
      message: `service \`${service.name}\` can do without \`${name}\`, which is not defined`,
      at,
      hints: ['remove this dependency, or define the service'],
    });
    return;
  }
  if (other) {
    const profiles = other.profiles ?? [];
    context.diagnostics.error({
      code: 'service-disabled',
      message: `service \`${service.name}\` depends on \`${name}\`, which no active profile enables`,
      at,
      hints: [`add \`--profile ${profiles[0] ?? '*'}\`, or mark the dependency \`required: false\``],
    });
    return;
  }
  reportUndefined('service-unknown', `service \`${service.name}\` depends on`, 'service', name, at, {
    known: [...Object.keys(enabled), ...Object.keys(disabled)],
    declare: `add it under \`services:\``,
    context,
  });
}

function checkNetworks(service: ServiceConfig, context: CheckContext): void {
  if (service.network_mode) return;
  for (const name of Object.keys(service.networks ?? {})) {
    if (name in context.bound.networks) continue;
    const at = context.places.find(['services', service.name, 'networks', name]);
    reportUndefined('network-undefined', `service \`${service.name}\` joins`, 'network', name, at, {
      known: Object.keys(context.bound.networks),
      declare: `declare it at the top of the file: \`networks: {${name}: {}}\``,
      context,
    });
  }
}

function checkMounts(service: ServiceConfig, context: CheckContext): void {
  service.volumes.forEach((mount, index) => {
    if (mount.type !== 'volume' || !mount.source || mount.source in context.bound.volumes) return;
    const at = context.places.find(['services', service.name, 'volumes', index]);
    reportUndefined('volume-undefined', `service \`${service.name}\` mounts`, 'volume', mount.source, at, {
      known: Object.keys(context.bound.volumes),
      declare: `declare it at the top of the file: \`volumes: {${mount.source}: {}}\`; a path starts with \`./\` or \`/\``,
      context,
    });
  });
}

function checkFileObjects(service: ServiceConfig, context: CheckContext): void {
  const { configs, secrets, models } = context.bound;
  const base: Path = ['services', service.name];
  const check = (code: DiagnosticCode, kind: string, name: string, known: object, path: Path) => {
    if (name in known) return;
    reportUndefined(code, `service \`${service.name}\` uses`, kind, name, context.places.find(path), {
      known: Object.keys(known),
      declare: `declare it at the top of the file, under \`${kind}s:\``,
      context,
    });
  };
  service.configs?.forEach((config, index) => {
    check('config-undefined', 'config', config.source, configs, [...base, 'configs', index]);
  });
  service.secrets?.forEach((secret, index) => {
    check('secret-undefined', 'secret', secret.source, secrets, [...base, 'secrets', index]);
  });
  buildSecrets(service.build?.['secrets']).forEach((secret, index) => {
    check('secret-undefined', 'secret', secret.source, secrets, [...base, 'build', 'secrets', index]);
  });
  for (const model of Object.keys(service.models ?? {})) {
    check('model-undefined', 'model', model, models, [...base, 'models', model]);
  }
}

/** `additional_contexts: {base: "service:other"}`. */
function checkBuildContexts(service: ServiceConfig, context: CheckContext): void {
  const contexts = (service.build?.['additional_contexts'] ?? {}) as Readonly<Record<string, string>>;
  for (const [name, source] of Object.entries(contexts)) {
    if (!source.startsWith('service:')) continue;
    const target = source.slice('service:'.length);
    const at = context.places.find(['services', service.name, 'build', 'additional_contexts', name]);
    const other = context.selection.enabled[target];
    const profiles = context.selection.disabled[target]?.profiles;
    if (profiles) {
      context.diagnostics.error({
        code: 'service-disabled',
        message: `the build of \`${service.name}\` uses \`${target}\`, which no active profile enables`,
        at,
        hints: [`add \`--profile ${profiles[0] ?? '*'}\``],
      });
    } else if (!other) {
      reportUndefined('service-unknown', `the build of \`${service.name}\` uses`, 'service', target, at, {
        known: Object.keys(context.selection.enabled),
        declare: 'add it under `services:`',
        context,
      });
    } else if (!other.build) {
      const message = `the build of \`${service.name}\` uses \`${target}\`, which has no build`;
      context.diagnostics.error({
        code: 'service-unknown',
        message,
        at,
        hints: [`give \`${target}\` a \`build:\``],
      });
    }
  }
}

function checkCycle(context: CheckContext): void {
  const cycle = findDependencyCycle(context.selection.enabled);
  const [first, second] = cycle ?? [];
  if (!cycle || first === undefined || second === undefined || first === second) return;
  context.diagnostics.error({
    code: 'dependency-cycle',
    message: `dependency cycle: ${cycle.join(' -> ')}`,
    at: context.places.find(['services', first, 'depends_on', second]),
    hints: ['remove one of these dependencies'],
  });
}

function reportUndefined(
  code: DiagnosticCode,
  subject: string,
  kind: string,
  name: string,
  at: number,
  more: { readonly known: readonly string[]; readonly declare: string; readonly context: CheckContext },
): void {
  const nearest = findNearest(name, more.known);
  more.context.diagnostics.error({
    code,
    message: `${subject} the undefined ${kind} \`${name}\``,
    at,
    hints: nearest ? [`did you mean \`${nearest}\`?`] : [more.declare],
  });
}
