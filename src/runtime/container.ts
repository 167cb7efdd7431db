// service + image + host -> the files that make a container. Pure: everything that must be looked up was.

import { computeConfig } from './container-config.ts';
import { computeFiles } from './container-files.ts';
import type { ContainerBundle, ContainerInput } from './container-input.ts';
import { computeMonitor } from './container-monitor.ts';
import { decide } from './decisions.ts';
import { computeForeignConfig } from './foreign-config.ts';
import { hasOwnPids } from './namespaces.ts';

/**
 * Throws TcError for what this host or this image cannot give: a user that the image lacks, a limit that the host has
 * no controller for. What it cannot give but may be gone without is a warning.
 */
export function computeContainer(input: ContainerInput): ContainerBundle {
  const decisions = decide(input);
  const config = computeConfig(input, decisions);
  const { runtime, service } = input;
  return {
    config,
    ...(runtime && {
      runtimeConfig: computeForeignConfig(config, {
        ...input,
        runtime,
        hasInit: service.init === true && hasOwnPids(service),
      }),
    }),
    monitor: computeMonitor(input, decisions),
    files: computeFiles(input),
    hostname: decisions.hostname,
    warnings: decisions.warnings,
  };
}
