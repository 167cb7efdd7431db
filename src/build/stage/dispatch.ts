// From a stage's instructions to its steps and its image's config. Pure: what the base image says is known.

import type { RawConfig } from '../../image/changes.ts';
import { malformed } from '../../image/descriptor.ts';
import { checkOnce } from '../check/stage.ts';
import type { Instruction, InstructionKind } from '../dockerfile/instruction.ts';
import { parseTrigger } from '../dockerfile/parse.ts';
import { makeCopy } from './make-copy.ts';
import { makeRun } from './make-run.ts';
import type { PlannedStage } from './plan.ts';
import {
  addVolumes,
  declareArgs,
  expose,
  keepTrigger,
  setCommand,
  setEnvironment,
  setHealthcheck,
  setLabels,
  setShell,
  setText,
} from './set-config.ts';
import {
  type DispatchContext,
  defaultPath,
  type StageBase,
  type StageResult,
  StageState,
} from './stage-state.ts';

/** `base`: without what only images built on it do; `triggers`: that. */
export function dispatchStage(
  planned: PlannedStage,
  base: StageBase,
  triggers: readonly string[],
  context: DispatchContext,
): StageResult {
  const inherited = triggers.map((trigger) => parseTrigger(trigger, planned.stage.from.image));
  const { instructions, from } = planned.stage;
  const all = [
    ...inherited.map((instruction) => ({ ...instruction, at: from.at, isTrigger: true })),
    ...instructions.map((instruction) => ({ ...instruction, isTrigger: false })),
  ];
  const own = all.filter(({ kind }) => ['RUN', 'COPY', 'ADD', 'WORKDIR'].includes(kind)).length;
  const hasImage = planned.base.kind === 'image' || planned.base.kind === 'named';
  const state = new StageState(planned, base, context, own + (hasImage ? 1 : 0));
  for (const { isTrigger, ...instruction } of all) apply(state, instruction as Instruction, isTrigger);
  return state.finish();
}

type Apply<K extends InstructionKind> = (
  state: StageState,
  instruction: Extract<Instruction, { readonly kind: K }>,
  isTrigger: boolean,
) => void;

const handlers: { readonly [K in InstructionKind]: Apply<K> } = {
  FROM: () => undefined,
  RUN: makeRun,
  COPY: makeCopy,
  ADD: makeCopy,
  ARG: declareArgs,
  ENV: setEnvironment,
  LABEL: setLabels,
  CMD: setCommand,
  ENTRYPOINT: setCommand,
  SHELL: setShell,
  EXPOSE: expose,
  VOLUME: addVolumes,
  HEALTHCHECK: setHealthcheck,
  ONBUILD: keepTrigger,
  WORKDIR: setText,
  USER: setText,
  STOPSIGNAL: setText,
  MAINTAINER: setText,
};

function apply(state: StageState, instruction: Instruction, isTrigger: boolean): void {
  checkOnce(instruction, state, state.context.checks);
  const handle = handlers[instruction.kind] as (
    state: StageState,
    instruction: Instruction,
    isTrigger: boolean,
  ) => void;
  handle(state, instruction, isTrigger);
}

/** A base image's config as a stage begins with it. */
export function beginWithImage(document: Readonly<Record<string, unknown>>, name: string): StageBase {
  const config = (document['config'] ?? {}) as RawConfig;
  const environment = Array.isArray(config['Env']) ? (config['Env'] as unknown[]).map(String) : [];
  const hasPath = environment.some((each) => each.startsWith('PATH='));
  const all = hasPath ? environment : [...environment, `PATH=${defaultPath}`];
  const { author, history = [] } = document;
  if (history !== null && !Array.isArray(history))
    throw malformed(`config of ${name}`, 'its history is not a list');
  const { OnBuild: _, ...kept } = config;
  return {
    config: { ...kept, Env: all },
    ...(typeof author === 'string' && author !== '' ? { author } : {}),
    history: (history ?? []).map((entry: unknown) => ({ kind: 'inherited' as const, entry })),
    variables: new Map(all.map((each) => splitVariable(each))),
    declaredArgs: new Map(),
    hasWorkdir: false,
  };
}

export function listTriggers(document: Readonly<Record<string, unknown>>): readonly string[] {
  const triggers = (document['config'] as RawConfig | undefined)?.['OnBuild'];
  return Array.isArray(triggers) ? triggers.map(String) : [];
}

/** `FROM scratch`, with the config that BuildKit gives it. */
export function beginWithNothing(): StageBase {
  return beginWithImage({ config: { WorkingDir: '/' } }, 'scratch');
}

/** What a stage that is built on another begins with. */
export function beginWithStage({ steps: _, ...result }: StageResult): {
  base: StageBase;
  triggers: readonly string[];
} {
  const { OnBuild = [], ...config } = result.config;
  return { base: { ...result, config }, triggers: OnBuild as readonly string[] };
}

/** What a stage that is built on another build's image begins with: the arguments of that are none of its own. */
export function beginWithTarget(result: StageResult): { base: StageBase; triggers: readonly string[] } {
  const document = { config: result.config, ...(result.author && { author: result.author }) };
  const base = { ...beginWithImage(document, 'the image'), history: result.history };
  return { base, triggers: listTriggers(document) };
}

function splitVariable(text: string): [string, string] {
  const [, name = text, value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  return [name, value];
}
