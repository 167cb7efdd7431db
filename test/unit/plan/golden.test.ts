// Plans by the hundred: each file in test/golden/plan says what there is and what is wanted in YAML (see world.ts),
// beside the verb with its options, and below the line the plan, its warnings, or the error.

import { describe } from 'vitest';
import { parse } from 'yaml';
import { TcError } from '../../../src/base/error.ts';
import { planHostStop, planRestore, type RestoreOptions } from '../../../src/plan/boot.ts';
import { type DownOptions, planDown } from '../../../src/plan/down.ts';
import { formatPlan } from '../../../src/plan/explain.ts';
import { explainPlan } from '../../../src/plan/explain-changes.ts';
import {
  type KillOptions,
  planKill,
  planRemove,
  planRestart,
  planScale,
  planStart,
  planStop,
} from '../../../src/plan/lifecycle.ts';
import type { Plan } from '../../../src/plan/operation.ts';
import { planPause, planUnpause } from '../../../src/plan/pause.ts';
import { planRollback } from '../../../src/plan/rollback.ts';
import { planRun, type RunOptions } from '../../../src/plan/run.ts';
import { planUp } from '../../../src/plan/up.ts';
import type { UpOptions } from '../../../src/plan/up-options.ts';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import { testGoldenFiles } from '../../golden/golden-file.ts';
import { buildWorld, type World, type WorldWords } from './world.ts';

/** Whatever the file says; the verbs check it by behaving. */
type Options = UpOptions &
  DownOptions &
  KillOptions &
  RestoreOptions & { scale: Record<string, number>; service: string };

/** `with`: attributes that this run changes. */
type RunWords = Omit<RunOptions, 'service' | 'slug'> & { service: string; with?: Partial<ServiceConfig> };

function run({ inputs, model, state }: World, { service, with: changes, ...options }: RunWords): Plan {
  const slug = 'c0ffee'.repeat(10).padEnd(64, '0');
  const adapted = { ...(model.services[service] as ServiceConfig), ports: [], ...changes };
  return planRun(model, inputs, state, { ...options, service: adapted, slug });
}

const verbs: Readonly<Record<string, (world: World, options: Options) => Plan>> = {
  up: ({ inputs, model, state }, options) => planUp(model, inputs, state, options),
  create: ({ inputs, model, state }, options) => planUp(model, inputs, state, { ...options, noStart: true }),
  scale: ({ inputs, model, state }, { scale, ...options }) => planScale(model, inputs, state, scale, options),
  down: ({ model, state }, options) => planDown(model, state, options),
  start: ({ model, state }, options) => planStart(model, state, options),
  stop: ({ model, state }, options) => planStop(model, state, options),
  restart: ({ model, state }, options) => planRestart(model, state, options),
  kill: ({ model, state }, options) => planKill(model, state, options),
  pause: ({ model, state }, options) => planPause(model, state, options),
  unpause: ({ model, state }, options) => planUnpause(model, state, options),
  restore: ({ state }, options) => planRestore(state, options),
  'host-stop': ({ state }) => planHostStop(state),
  rm: ({ model, state }, options) => planRemove(model, state, options),
  rollback: ({ model, state }, { service, ...options }) =>
    planRollback(model, state, model.services[service] as ServiceConfig, options),
  run: (world, options) => run(world, options as unknown as RunWords),
};

/** `up: {scale: {web: 2}}`; `without-model: true` hides the model from the verb; `explain: true` asks for the human form. */
type Input = WorldWords & Record<string, unknown>;

function producePlan(text: string): string {
  const input = parse(text) as Input;
  const verb = Object.keys(verbs).find((name) => name in input);
  if (verb === undefined) throw new Error('the input names no verb');
  const built = buildWorld(input);
  const world = input['without-model'] === true ? { ...built, model: undefined as never } : built;
  try {
    const plan = verbs[verb]!(world, (input[verb] ?? {}) as Options);
    return `${format(plan, input)}${plan.warnings.map((w) => `warning ${w.code}: ${w.message}\n`).join('')}`;
  } catch (error) {
    if (!(error instanceof TcError) || error.kind === 'bug') throw error;
    const { line } = error.source ?? {};
    return [
      `error ${error.code}: ${error.message}`,
      line && `at ${line}`,
      ...error.hints.map((h) => `hint: ${h}`),
    ]
      .filter((part) => part !== undefined)
      .map((part) => `${part}\n`)
      .join('');
  }
}

function format(plan: Plan, input: Input): string {
  if (input['explain'] === true) return explainPlan(plan, { directory: '/demo' });
  return plan.nodes.length === 0 ? 'nothing to do\n' : formatPlan(plan);
}

describe('plans', () => testGoldenFiles('plan', producePlan));
