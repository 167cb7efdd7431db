// Services behind providers, and what they tell those that depend on them.

import type { OperationOf } from '../../plan/operation.ts';
import { formatService } from '../../project/canonical.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import type { Execution, Step } from './execution.ts';

export async function executeProvider(
  { service, provider, command }: OperationOf<'run-provider'>,
  { execution, signal, tell }: Step,
): Promise<void> {
  const { runProvider } = await import('../provider/run-provider.ts');
  const config = execution.services[service];
  const variables = await runProvider({
    ...{ service, command, signal, type: provider.type },
    project: execution.project.name,
    workingDir: execution.project.workingDir,
    options: provider.options ?? {},
    configuration: config === undefined ? '{}' : JSON.stringify(formatService(config, 'json')),
    onInfo: tell,
  });
  if (command === 'up') execution.provided.set(service, variables);
}

/** The service with the variables of the providers that it depends on. One that overrides its own is told. */
export function withProvided(execution: Execution, service: ServiceConfig): ServiceConfig {
  let { environment } = service;
  for (const on of Object.keys(service.depends_on)) {
    const variables = execution.provided.get(on) ?? {};
    for (const name of Object.keys(variables)) {
      if (environment[name] === undefined || environment[name] === variables[name]) continue;
      execution.warn({
        code: 'provider-overrides',
        message: `service ${service.name}: provider of ${on} overrides the environment variable ${name}`,
      });
    }
    environment = { ...environment, ...variables };
  }
  return environment === service.environment ? service : { ...service, environment };
}
