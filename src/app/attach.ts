// attach: what a running container prints from now on, and its input.

import type { AttachRequest, AttachSession } from '../engine/ports.ts';
import type { ObservedContainer } from '../plan/observed-state.ts';
import { requireRunning } from './containers.ts';
import type { AppContext } from './context.ts';
import { findNamedProject } from './named-project.ts';

export interface AttachOptions {
  readonly service: string;
  readonly index?: number;
  /** Told whether the container has a terminal and whether anybody can type into it. */
  request(container: { readonly tty: boolean; readonly hasInput: boolean }): Promise<AttachRequest>;
}

export interface AttachResult {
  readonly container: ObservedContainer;
  readonly tty: boolean;
  /** Absent: a dry run. */
  readonly session?: AttachSession;
}

export async function attach(
  context: AppContext,
  { index, request, service }: AttachOptions,
): Promise<AttachResult> {
  const { name } = await findNamedProject(context);
  const engine = await context.engine('change');
  const container = requireRunning(await engine.observe(name), service, index);
  const tty = container.recorded.tty === true;
  if (context.dryRun) return { container, tty };
  const hasInput = tty || container.recorded.stdin_open === true;
  return { container, tty, session: await engine.attach(container, await request({ tty, hasInput })) };
}
