// exec: one more process in a running container.

import type { ExecRequest, ExecSession } from '../engine/ports.ts';
import type { ObservedContainer } from '../plan/observed-state.ts';
import { requireRunning } from './containers.ts';
import type { AppContext } from './context.ts';
import { findNamedProject } from './named-project.ts';

export interface ExecOptions {
  readonly service: string;
  readonly index?: number;
  readonly request: ExecRequest;
}

export interface ExecResult {
  readonly container: ObservedContainer;
  /** Absent: a dry run. */
  readonly session?: ExecSession;
}

export async function exec(
  context: AppContext,
  { service, index, request }: ExecOptions,
): Promise<ExecResult> {
  const { name } = await findNamedProject(context);
  const engine = await context.engine('change');
  const container = requireRunning(await engine.observe(name), service, index);
  if (context.dryRun) return { container };
  return { container, session: await engine.exec(container, request) };
}
