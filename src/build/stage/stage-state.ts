// A stage in the middle of its instructions: the image's config so far, the variables, the steps. Changed by dispatch.ts
// alone.

import type { RawConfig } from '../../image/changes.ts';
import type { Checks } from '../check/checks.ts';
import { checkUndefined } from '../check/stage.ts';
import type { ArgInstruction, Instruction } from '../dockerfile/instruction.ts';
import type { WordOptions } from '../dockerfile/shell-words.ts';
import type { BuildInput } from './build-input.ts';
import type { PlannedStage, StagePlan } from './plan.ts';
import { expandAt, type Variables } from './scope.ts';
import type { HistoryLine, Step } from './step.ts';

/** What a stage leaves to those that are built on it, and to the image. */
export interface StageResult {
  readonly config: RawConfig;
  readonly author?: string;
  readonly history: readonly HistoryLine[];
  /** Of this stage alone. */
  readonly steps: readonly Step[];
  readonly variables: Variables;
  readonly declaredArgs: ReadonlyMap<string, string>;
  readonly hasWorkdir: boolean;
}

/** What a stage begins with. */
export type StageBase = Omit<StageResult, 'steps'>;

export interface DispatchContext {
  readonly plan: StagePlan;
  readonly input: BuildInput;
  readonly checks: Checks;
  /** Before the title of every step: for which platform it is. */
  readonly prefix?: string;
}

/** Where programs are looked for if an image does not say (BuildKit's, util/system). */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export class StageState {
  config: RawConfig;
  author: string | undefined;
  readonly history: HistoryLine[];
  readonly steps: Step[] = [];
  readonly variables: Map<string, string>;
  /** In the order of their declaration. */
  readonly declaredArgs: Map<string, string>;
  hasWorkdir: boolean;
  /** Of instructions of which only the last counts. */
  readonly lastOf = new Map<string, Instruction>();
  readonly planned: PlannedStage;
  readonly context: DispatchContext;
  /** Steps in all, the base counted. */
  readonly stepCount: number;

  constructor(planned: PlannedStage, base: StageBase, context: DispatchContext, stepCount: number) {
    this.planned = planned;
    this.context = context;
    this.config = base.config;
    this.author = base.author;
    this.history = [...base.history];
    this.variables = new Map(base.variables);
    this.declaredArgs = new Map(base.declaredArgs);
    this.hasWorkdir = base.hasWorkdir;
    this.stepCount = stepCount;
  }

  expand(word: string, instruction: Instruction, options: Partial<WordOptions> = {}): string {
    return this.#expand(word, instruction, options).text;
  }

  /** Blanks of the result split. */
  expandWords(word: string, instruction: Instruction): readonly string[] {
    return this.#expand(word, instruction).words;
  }

  #expand(word: string, instruction: Instruction, options: Partial<WordOptions> = {}) {
    const expanded = expandAt(word, this.variables, this.context.plan.language, instruction.at, options);
    checkUndefined(instruction, expanded.unset, this, this.context.checks);
    return expanded;
  }

  /** A member that is undefined is taken away. */
  set(changes: RawConfig): void {
    const all = Object.entries({ ...this.config, ...changes });
    this.config = Object.fromEntries(all.filter(([, value]) => value !== undefined));
  }

  record(createdBy: string, step?: Step): void {
    this.history.push({ kind: 'own', createdBy, ...(step && { step }) });
    if (step) this.steps.push(step);
  }

  get workingDir(): string {
    return (this.config['WorkingDir'] as string | undefined) || '/';
  }

  get user(): string {
    return (this.config['User'] as string | undefined) ?? '';
  }

  get shell(): readonly string[] {
    const own = this.config['Shell'] as readonly string[] | undefined;
    return own && own.length > 0 ? own : ['/bin/sh', '-c'];
  }

  /** `[web 2/5] COPY . .` */
  title(text: string, isTrigger: boolean): string {
    const { plan, prefix = '' } = this.context;
    const name = plan.all.length > 1 ? `${this.planned.title} ` : '';
    const hasBase = this.stepCount > this.#ownSteps;
    const number = this.steps.length + (hasBase ? 2 : 1);
    const width = String(this.stepCount).length;
    return `[${prefix}${name}${String(number).padStart(width)}/${this.stepCount}] ${isTrigger ? 'ONBUILD ' : ''}${text}`;
  }

  get #ownSteps(): number {
    return (
      this.stepCount - (this.planned.base.kind === 'scratch' || this.planned.base.kind === 'stage' ? 0 : 1)
    );
  }

  finish(): StageResult {
    const { config, author, history, steps, variables, declaredArgs, hasWorkdir } = this;
    return { config, ...(author && { author }), history, steps, variables, declaredArgs, hasWorkdir };
  }

  declare(arg: ArgInstruction['args'][number], value: string | undefined): void {
    this.declaredArgs.set(arg.name, value ?? '');
    if (value !== undefined) this.variables.set(arg.name, value);
  }
}
