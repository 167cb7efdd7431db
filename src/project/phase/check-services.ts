// Phase: attributes of a service that contradict each other.

import type { DiagnosticCode } from '../diagnostic/diagnostic-code.ts';
import type { ServiceConfig } from '../service-config.ts';
import type { Path } from '../text/tree.ts';
import type { CheckContext } from './check-references.ts';

export function checkServices(context: CheckContext): void {
  const names = new Map<string, string>();
  for (const service of Object.values(context.selection.enabled)) {
    const report: Report = (code, path, message, hints) =>
      context.diagnostics.error({
        code,
        message: `service \`${service.name}\` ${message}`,
        at: context.places.find(['services', service.name, ...path]),
        hints,
      });
    checkImage(service, report);
    checkNetworkMode(service, context, report);
    checkHealth(service, report);
    checkScale(service, report);
    checkLimits(service, report);
    checkWatch(service, report);
    checkTargets(service, report);
    checkContainerName(service, names, report);
  }
}

type Report = (code: DiagnosticCode, path: Path, message: string, hints: readonly string[]) => void;

function checkImage(service: ServiceConfig, report: Report): void {
  const { build, image, provider, platform } = service;
  if (!build && !image && !provider) {
    report('service-image', [], 'has neither an image nor a build', [
      'add `image: NAME` or `build: DIRECTORY`',
    ]);
  }
  if (build?.dockerfile_inline && build.dockerfile) {
    const hints = ['keep one of the two'];
    report(
      'key-exclusive',
      ['build', 'dockerfile_inline'],
      'has both dockerfile and dockerfile_inline',
      hints,
    );
  }
  const platforms = build?.['platforms'];
  if (platform && Array.isArray(platforms) && platforms.length > 0 && !platforms.includes(platform)) {
    const hints = [`add ${platform} to build.platforms`];
    report('value-conflict', ['platform'], `has the platform ${platform}, for which it is not built`, hints);
  }
}

function checkNetworkMode(service: ServiceConfig, context: CheckContext, report: Report): void {
  const mode = service.network_mode;
  if (!mode) return;
  if (Object.keys(service.networks ?? {}).length > 0) {
    const hints = ['keep one of the two'];
    report('key-exclusive', ['network_mode'], 'has both network_mode and networks', hints);
  }
  const target = mode.startsWith('service:') ? mode.slice('service:'.length) : undefined;
  const { enabled, disabled } = context.selection;
  if (target !== undefined && target in disabled && !(target in enabled)) {
    const hints = [`enable \`${target}\` by one of its profiles`];
    report(
      'service-disabled',
      ['network_mode'],
      `shares the network of \`${target}\`, which is not enabled`,
      hints,
    );
  }
}

function checkHealth(service: ServiceConfig, report: Report): void {
  const first = service.healthcheck?.test?.[0];
  if (first === undefined || ['CMD', 'CMD-SHELL', 'NONE'].includes(first)) return;
  report('value-format', ['healthcheck', 'test'], `has a healthcheck that starts with \`${first}\``, [
    'start the list with CMD (a program), CMD-SHELL (a line for the shell) or NONE',
  ]);
}

function checkScale(service: ServiceConfig, report: Report): void {
  const replicas = service.deploy?.replicas;
  const key: Path = service.scale === undefined ? ['deploy', 'replicas'] : ['scale'];
  const scale = service.scale ?? replicas;
  if (scale === undefined) return;
  if (service.scale !== undefined && replicas !== undefined && service.scale !== replicas) {
    const message = `has scale ${service.scale} and deploy.replicas ${replicas}`;
    report('value-conflict', ['scale'], message, ['keep one of the two']);
  }
  if (scale < 0) report('value-range', key, `cannot have ${scale} containers`, ['write 0 or more']);
  if (scale > 1 && service.container_name) {
    const message = `has a container_name, so it cannot have ${scale} containers`;
    report('value-conflict', key, message, ['remove container_name: names are unique']);
  }
}

function checkLimits(service: ServiceConfig, report: Report): void {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const pairs = [
    ['cpus', service.cpus, limits?.cpus, 'limits.cpus'],
    ['mem_limit', service.mem_limit, limits?.memory, 'limits.memory'],
    ['mem_reservation', service.mem_reservation, reservations?.memory, 'reservations.memory'],
    ['pids_limit', service.pids_limit, limits?.pids, 'limits.pids'],
  ] as const;
  for (const [key, own, deployed, path] of pairs) {
    if (!own || !deployed || own === deployed) continue;
    const message = `has different values in ${key} and deploy.resources.${path}`;
    report('value-conflict', [key], message, ['keep one of the two, or make them equal']);
  }
}

interface Trigger {
  readonly path?: string;
  readonly action?: string;
  readonly target?: string;
}

function checkWatch(service: ServiceConfig, report: Report): void {
  const triggers = (service.develop?.['watch'] ?? []) as readonly Trigger[];
  triggers.forEach((trigger, index) => {
    const path: Path = ['develop', 'watch', index];
    if (trigger.path === '')
      report('value-format', [...path, 'path'], 'watches an empty path', ['name a path']);
    if (trigger.target || trigger.action === 'rebuild' || trigger.action === 'restart') return;
    report('key-missing', path, `watches with \`${trigger.action}\`, which needs a target`, [
      'add `target: PATH`, the path in the container',
    ]);
  });
}

function checkTargets(service: ServiceConfig, report: Report): void {
  const taken = new Map<string, string>();
  const take = (target: string, path: Path, what: string) => {
    const earlier = taken.get(target);
    if (earlier !== undefined) {
      const hints = [`give one of them another path; the other is ${earlier}`];
      report('mount-duplicate', path, `mounts two things at ${target}`, hints);
    }
    taken.set(target, what);
  };
  service.tmpfs?.forEach((line, index) => {
    take(line.split(':')[0] ?? line, ['tmpfs', index], `tmpfs[${index}]`);
  });
  service.volumes.forEach((mount, index) => {
    take(mount.target, ['volumes', index], `volumes[${index}]`);
  });
}

function checkContainerName(service: ServiceConfig, names: Map<string, string>, report: Report): void {
  const name = service.container_name;
  if (!name) return;
  const other = names.get(name);
  if (other !== undefined) {
    const message = `has the container_name \`${name}\`, as \`${other}\` does`;
    report('container-name-duplicate', ['container_name'], message, [
      'names are unique: change one of the two',
    ]);
  }
  names.set(name, service.name);
}
