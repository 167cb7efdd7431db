// plan: what `up` would do, as data and as text.

import { formatPlan, formatPlanJson } from '../plan/explain.ts';
import { type ExplainOptions, explainPlan } from '../plan/explain-changes.ts';
import type { Plan } from '../plan/operation.ts';
import type { UpOptions } from '../plan/up-options.ts';
import type { AppContext } from './context.ts';
import { type ImageChoice, up } from './up.ts';

export async function plan(context: AppContext, options: UpOptions, images?: ImageChoice): Promise<Plan> {
  const request = { verb: 'up', options, ...(images && { images }) } as const;
  const { plan: decided } = await up({ ...context, dryRun: true }, request);
  return decided;
}

/** `text` for people, `steps` one stable line per operation, `json` for programs. */
export type PlanFormat = 'text' | 'steps' | 'json';

export interface DescribeOptions extends ExplainOptions {
  readonly format: PlanFormat;
}

export function describePlan(decided: Plan, { format, ...options }: DescribeOptions): string {
  if (format === 'json') return formatPlanJson(decided);
  return format === 'steps' ? formatPlan(decided) : explainPlan(decided, options);
}
