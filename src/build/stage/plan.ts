// Which stages a target needs, and on what each is built. Pure.

import { TcError } from '../../base/error.ts';
import { findNearest } from '../../base/suggest.ts';
import type { Checks } from '../check/checks.ts';
import { checkFromPlatform, checkFromVariables } from '../check/from.ts';
import type { Instruction } from '../dockerfile/instruction.ts';
import type { Dockerfile } from '../dockerfile/parse.ts';
import { problem } from '../dockerfile/problem.ts';
import { parseCsv } from '../run/mount-option.ts';
import type { BuildInput } from './build-input.ts';
import { expandAt, type GlobalScope, type Language, predefinedArgs, resolveGlobalArgs } from './scope.ts';
import { findStage, type Stage, splitStages, stageTitle } from './split.ts';

/** Where files come from. */
export type SourceReference =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'context' }
  | { readonly kind: 'stage'; readonly index: number }
  /** A name that the build gives a meaning. */
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'image'; readonly name: string };

export interface PlannedStage {
  readonly stage: Stage;
  /** For people. */
  readonly title: string;
  readonly base: SourceReference;
  /** Asked for by `FROM --platform`. */
  readonly platform?: string;
  /** Of instructions written in the file; triggers of images may add some. */
  readonly dependencies: readonly number[];
}

export interface StagePlan {
  readonly language: Language;
  readonly globals: GlobalScope;
  readonly all: readonly Stage[];
  /** All of them, needed or not. */
  readonly planned: readonly PlannedStage[];
  /** In the order of the file; only what the target needs. */
  readonly stages: readonly PlannedStage[];
  readonly target: number;
}

export function planStages(dockerfile: Dockerfile, input: BuildInput, checks: Checks): StagePlan {
  const { globalArgs, stages } = splitStages(dockerfile);
  const { text, directives } = dockerfile;
  const language = { text, escapeToken: directives.escapeToken };
  const target = findTarget(stages, input.target);
  const predefined = predefinedArgs(input.buildPlatform, input.platform, input.target ?? target.name ?? '');
  const globals = resolveGlobalArgs(globalArgs, predefined, input.args, language);
  const planned = stages.map((stage) => planStage(stage, { stages, globals, language, input, checks }));
  refuseCircle(planned, dockerfile);
  refuseLater(planned, dockerfile);
  const needed = listNeeded(planned, target.index);
  return {
    language,
    globals,
    all: stages,
    planned,
    stages: planned.filter(({ stage }) => needed.has(stage.index)),
    target: target.index,
  };
}

function findTarget(stages: readonly Stage[], name: string | undefined): Stage {
  const found = name === undefined || name === '' ? stages.at(-1) : findStage(stages, name);
  if (found) return found;
  const names = stages.flatMap((stage) => stage.name ?? []);
  const near = findNearest(name ?? '', names);
  throw new TcError(`the Dockerfile has no stage "${name}"`, {
    code: 'no-such-stage',
    hints: [
      ...(near === undefined ? [] : [`did you mean "${near}"?`]),
      names.length === 0
        ? 'no stage has a name: `FROM image AS name` gives one'
        : `it has: ${names.join(', ')}`,
    ],
  });
}

interface PlanContext {
  readonly stages: readonly Stage[];
  readonly globals: GlobalScope;
  readonly language: Language;
  readonly input: BuildInput;
  readonly checks: Checks;
}

function planStage(stage: Stage, context: PlanContext): PlannedStage {
  const { globals, language, checks } = context;
  const { from } = stage;
  const image = expandAt(from.image, globals.variables, language, from.at);
  checkFromVariables(from, image.unset, globals, checks);
  if (image.text === '') {
    const hints = image.unset.map((name) => `give it a value: --build-arg ${name}=...`);
    throw problem(`"${from.image}" stands for nothing`, language.text, from.at, hints);
  }
  const platform = planPlatform(stage, context);
  const base = planBase(stage, image.text, context);
  return {
    stage,
    title: stageTitle(stage),
    base,
    ...(platform === undefined ? {} : { platform }),
    dependencies: listDependencies(stage, base, context),
  };
}

function planPlatform(
  { from }: Stage,
  { globals, language, checks, input }: PlanContext,
): string | undefined {
  if (from.platform === undefined) return undefined;
  const expanded = expandAt(from.platform, globals.variables, language, from.at);
  checkFromPlatform(from, expanded, input.platform, checks);
  if (expanded.text !== '') return expanded.text;
  throw problem(`"${from.platform}" stands for no platform`, language.text, from.at);
}

function planBase(stage: Stage, image: string, { stages, input }: PlanContext): SourceReference {
  if (stage.name !== undefined && input.namedContexts.has(stage.name))
    return { kind: 'named', name: stage.name };
  // Not as --from: FROM knows a stage by the lower case of its name alone.
  const earlier = stages.findLast((each) => each.index < stage.index && each.name === image);
  if (earlier) return { kind: 'stage', index: earlier.index };
  if (image === 'scratch') return { kind: 'scratch' };
  return resolveOutside(image, input);
}

function resolveOutside(name: string, { namedContexts }: BuildInput): SourceReference {
  const known = [name, name.replace(/:latest$/, ''), `${name}:latest`].find((each) =>
    namedContexts.has(each),
  );
  return known === undefined ? { kind: 'image', name } : { kind: 'named', name: known };
}

/** What `--from` and `from=` name, seen from a stage. */
export function resolveFrom(name: string, all: readonly Stage[], input: BuildInput): SourceReference {
  const stage = findStage(all, name);
  if (stage) {
    const isReplaced = stage.name !== undefined && input.namedContexts.has(stage.name);
    return isReplaced ? { kind: 'named', name: stage.name } : { kind: 'stage', index: stage.index };
  }
  if (name === 'scratch') return { kind: 'scratch' };
  return resolveOutside(name, input);
}

function listDependencies(stage: Stage, base: SourceReference, { stages, input }: PlanContext): number[] {
  // Replaced as a whole: nothing of the file's stage is built.
  if (base.kind === 'named' && base.name === stage.name) return [];
  const references = [
    base,
    ...stage.instructions.flatMap(listFrom).map((name) => resolveFrom(name, stages, input)),
  ];
  return references.flatMap((reference) => (reference.kind === 'stage' ? [reference.index] : []));
}

/** Names in `--from` and in mounts' `from=`. */
function listFrom(instruction: Instruction): string[] {
  if (instruction.kind === 'COPY') return instruction.from === undefined ? [] : [instruction.from];
  if (instruction.kind !== 'RUN') return [];
  return instruction.mounts.flatMap((mount) =>
    parseCsv(mount).flatMap((field) => (/^from=/i.test(field) ? [field.slice('from='.length)] : [])),
  );
}

function refuseCircle(planned: readonly PlannedStage[], { text }: Dockerfile): void {
  const done = new Set<number>();
  const visit = (index: number, trail: readonly number[]): void => {
    if (trail.includes(index)) {
      const circle = [...trail.slice(trail.indexOf(index)), index].map((each) => planned[each]?.title);
      const place = planned[index]?.stage.from.at;
      throw problem(
        `the stages need each other: ${circle.join(' -> ')}`,
        text,
        place ?? { file: '', line: 1, col: 1 },
      );
    }
    if (done.has(index)) return;
    for (const next of planned[index]?.dependencies ?? []) visit(next, [...trail, index]);
    done.add(index);
  };
  for (const { stage } of planned) visit(stage.index, []);
}

function refuseLater(planned: readonly PlannedStage[], { text }: Dockerfile): void {
  for (const { stage, title, dependencies } of planned) {
    const later = dependencies.find((index) => index >= stage.index);
    if (later === undefined) continue;
    const message = `stage ${title} takes from stage ${planned[later]?.title}, which is defined after it`;
    throw problem(message, text, stage.from.at, ['put the stage that is taken from first']);
  }
}

function listNeeded(planned: readonly PlannedStage[], target: number): ReadonlySet<number> {
  const needed = new Set<number>();
  const add = (index: number): void => {
    if (needed.has(index)) return;
    needed.add(index);
    for (const next of planned[index]?.dependencies ?? []) add(next);
  };
  add(target);
  return needed;
}
