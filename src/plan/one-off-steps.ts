// The steps of a one-off container: made of what the service is made of, started once what the service depends on is
// there.

import type { ServiceConfig } from '../project/service-config.ts';
import { emitPostStart } from './hooks.ts';
import type { RunTraits } from './operation.ts';
import { createOperation, materialOf, type StepContext } from './replica-steps.ts';

export interface OneOff {
  /** As this run wants it. */
  readonly service: ServiceConfig;
  readonly name: string;
  readonly run: RunTraits;
  readonly attached: boolean;
}

export function emitOneOff({ attached, name, run, service }: OneOff, context: StepContext): void {
  const { builder, model, options } = context;
  const cause = { reason: 'requested', verb: 'run' } as const;
  const operation = { ...createOperation({ model, options, service }, 1, name), oneOff: true, run } as const;
  // Only then: a dependency that fails leaves no container behind that nobody has run.
  const after = [...materialOf(service, context), ...context.gate(service)];
  const node = builder.add({ operation, cause, after });
  context.created.set(name, node);
  const container = { node, name };
  const started = builder.add({
    operation: { kind: 'start-container', container, ...(attached && { attached }) },
    cause,
    after: [node],
  });
  emitPostStart(container, service.post_start, started, { builder, cause });
}
