// One request for one platform, from its Dockerfile to layers and a config. First everything that can be known without
// running anything, then the steps: stages side by side, the steps of a stage in turn.

import type { SourcePosition } from '../../base/error.ts';
import { type BaseImage, chainOf, type LayerStack, type StackedLayer } from '../../image/build-store.ts';
import type { Digest } from '../../image/digest.ts';
import { formatPlatform, type Platform, parsePlatform } from '../../image/platform.ts';
import type { ImportedSteps } from '../cache/imported-steps.ts';
import { Checks } from '../check/checks.ts';
import { checkFile } from '../check/file.ts';
import { type Dockerfile, parseDockerfile } from '../dockerfile/parse.ts';
import { at } from '../dockerfile/problem.ts';
import { refuseForeign } from '../platform/refuse-foreign.ts';
import { formatPrefix } from '../platform/wanted.ts';
import type { BuildInput } from '../stage/build-input.ts';
import {
  beginWithImage,
  beginWithNothing,
  beginWithStage,
  beginWithTarget,
  dispatchStage,
  listTriggers,
} from '../stage/dispatch.ts';
import { type PlannedStage, planStages, type SourceReference, type StagePlan } from '../stage/plan.ts';
import { predefinedArgs } from '../stage/scope.ts';
import type { Stage } from '../stage/split.ts';
import type { StageBase, StageResult } from '../stage/stage-state.ts';
import type { Step } from '../stage/step.ts';
import { emptyTree } from '../tree/inline-tree.ts';
import { NamedContexts } from './named-contexts.ts';
import type { OpenedSource } from './opened-source.ts';
import type { BuildRequest } from './request.ts';
import type { SolvedStep } from './run-step.ts';
import { solveStep } from './solve-step.ts';
import type { SolverParts } from './solver-parts.ts';
import type { DescribedTarget, SolvedStage, Target } from './target.ts';
import type { Workshop } from './workshop.ts';

interface PreparedStage {
  readonly planned: PlannedStage;
  readonly result: StageResult;
  /** That it is meant for. */
  readonly platform: Platform;
  /** That its programs are made for, as far as its base tells. */
  readonly programs: Platform;
  /** What is below it. */
  solveBase(): Promise<Pick<SolvedStage, 'layers'> & Partial<SolvedStage>>;
}

/** What a stage begins with. */
interface Beginning extends Pick<PreparedStage, 'solveBase' | 'platform' | 'programs'> {
  readonly base: StageBase;
  readonly triggers: readonly string[];
}

export class StageSolver implements Target {
  readonly request: BuildRequest;
  readonly platform: Platform;
  readonly workshop: Workshop;
  readonly dockerfile: Dockerfile;
  readonly checks: Checks;
  readonly plan: StagePlan;
  readonly #input: BuildInput;
  readonly #contexts: NamedContexts;
  readonly #path: string | undefined;
  readonly #prepared = new Map<number, Promise<PreparedStage>>();
  #preparing: Promise<void> | undefined;
  readonly #solved = new Map<number, Promise<SolvedStage>>();
  readonly #bases = new Map<string, Promise<BaseImage>>();
  readonly #parts: SolverParts;
  /** Steps of other machines. */
  imported: ImportedSteps | undefined;
  /** Chain ids of all that was built. */
  readonly chains = new Set<Digest>();

  /** SOURCE_DATE_EPOCH: seconds; every time in the image. */
  get epoch(): number | undefined {
    const text =
      this.request.args['SOURCE_DATE_EPOCH'] ?? this.plan.globals.variables.get('SOURCE_DATE_EPOCH');
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  }

  constructor(parts: SolverParts) {
    const { request, platform, workshop, found } = parts;
    this.#parts = parts;
    this.request = request;
    this.platform = platform;
    this.workshop = workshop;
    this.#path = found.path;
    this.dockerfile = parseDockerfile(found);
    this.checks = new Checks(this.dockerfile.directives.check);
    this.#input = parts.input;
    this.#contexts = new NamedContexts(request, this.platform, workshop);
    const predefined = predefinedArgs(parts.input.buildPlatform, platform, request.target ?? '');
    checkFile(this.dockerfile, predefined, this.checks);
    this.plan = planStages(this.dockerfile, this.#input, this.checks);
  }

  /** All that can fail before anything runs. */
  prepare(): Promise<void> {
    this.#preparing ??= this.#prepareAll(this.plan.stages);
    return this.#preparing;
  }

  /** Of stages that the target does not need too: for the checks alone. */
  prepareEvery(): Promise<void> {
    return this.#prepareAll(this.plan.planned);
  }

  async #prepareAll(stages: readonly PlannedStage[]): Promise<void> {
    // Base images side by side: they may have to be pulled.
    const loads = stages.flatMap(({ base, platform, stage }) =>
      base.kind === 'named' || base.kind === 'image'
        ? [this.#loadBase(base, this.#platformOf(platform), stage.from.at)]
        : [],
    );
    await Promise.all(loads);
    for (const { stage } of stages) await this.#prepareStage(stage.index);
  }

  #platformOf(asked: string | undefined): Platform {
    return asked === undefined ? this.platform : parsePlatform(asked);
  }

  async describe(): Promise<DescribedTarget> {
    const { result, programs } = await this.#prepareStage(this.plan.target);
    return { result, programs };
  }

  async solve(): Promise<SolvedStage> {
    this.imported = await this.#parts.importSteps();
    return this.#solveStage(this.plan.target);
  }

  #prepareStage(index: number): Promise<PreparedStage> {
    const known = this.#prepared.get(index);
    if (known) return known;
    const preparing = this.#prepareNow(index);
    this.#prepared.set(index, preparing);
    return preparing;
  }

  async #prepareNow(index: number): Promise<PreparedStage> {
    const planned = this.plan.planned[index] as PlannedStage;
    const { base, triggers, solveBase, platform, programs } = await this.#begin(planned);
    const prefix = this.#parts.isOneOfSeveral ? formatPrefix(platform, this.platform) : '';
    const context = { plan: this.plan, input: this.#input, checks: this.checks, prefix };
    const result = dispatchStage(planned, base, triggers, context);
    const { title } = planned;
    const { steps } = result;
    refuseForeign({ title, steps, platform: programs, text: this.dockerfile.text }, this.workshop);
    await this.#contexts.prepare(steps);
    return { planned, result, solveBase, platform, programs };
  }

  async #begin({ base, platform: asked, stage }: PlannedStage): Promise<Beginning> {
    if (base.kind === 'stage') {
      const { result, platform, programs } = await this.#prepareStage(base.index);
      return {
        ...beginWithStage(result),
        platform,
        programs,
        solveBase: () => this.#solveStage(base.index),
      };
    }
    const platform = this.#platformOf(asked);
    if (base.kind === 'scratch' || base.kind === 'context') {
      const nothing = { base: beginWithNothing(), triggers: [], solveBase: async () => ({ layers: [] }) };
      return { ...nothing, platform, programs: platform };
    }
    const found = await this.#loadBase(base, platform, stage.from.at);
    if ('target' in found) {
      const { target } = found;
      const { result, programs } = await target.describe();
      return { ...beginWithTarget(result), platform, programs, solveBase: () => target.solve() };
    }
    const { document, layers, platform: programs } = found.image;
    this.#checkPlatform(stage, found.image, platform);
    return {
      base: beginWithImage(document, base.name),
      triggers: listTriggers(document),
      platform,
      programs,
      solveBase: async () => ({ layers }),
    };
  }

  #checkPlatform({ from }: Stage, { platform }: BaseImage, wanted: Platform): void {
    if (platform.os === wanted.os && platform.architecture === wanted.architecture) return;
    const [actual, expected] = [formatPlatform(platform), formatPlatform(wanted)];
    const message = `Base image ${from.image} was pulled with platform "${actual}", expected "${expected}" for current build`;
    this.checks.report('InvalidBaseImagePlatform', from, message);
  }

  async #loadBase(
    base: SourceReference & { readonly kind: 'named' | 'image' },
    platform: Platform,
    place: SourcePosition,
  ): Promise<{ readonly image: BaseImage } | { readonly target: Target }> {
    try {
      if (base.kind === 'named') return await this.#contexts.base(base.name, platform);
      return { image: await this.#image(base.name, platform) };
    } catch (error) {
      throw at(error, this.dockerfile.text, place);
    }
  }

  #image(name: string, platform: Platform): Promise<BaseImage> {
    const key = `${name} ${formatPlatform(platform)}`;
    const known = this.#bases.get(key);
    if (known) return known;
    const { request, workshop } = this;
    const loading = workshop.loadImage(name, {
      directory: request.context,
      platform,
      pull: request.pull,
    });
    this.#bases.set(key, loading);
    return loading;
  }

  #solveStage(index: number): Promise<SolvedStage> {
    const known = this.#solved.get(index);
    if (known) return known;
    const solving = this.#solveNow(index);
    this.#solved.set(index, solving);
    return solving;
  }

  async #solveNow(index: number): Promise<SolvedStage> {
    const stage = await this.#prepareStage(index);
    const { result, solveBase } = stage;
    const below = await solveBase();
    let { layers, lineage } = below;
    const made = new Map<Step, StackedLayer>();
    for (const step of result.steps) {
      const solved = await this.#solveStep(step, { layers, lineage }, stage);
      const { layer } = solved;
      lineage = solved.lineage;
      if (layer === undefined) continue;
      made.set(step, layer);
      layers = [...layers, layer];
      this.chains.add(chainOf(layers).at(-1) as Digest);
    }
    const layerOf = (step: Step) => made.get(step) ?? below.layerOf?.(step);
    return { result, layers, ...(lineage !== undefined && { lineage }), layerOf };
  }

  async #solveStep(
    step: Step,
    { layers, lineage }: { readonly layers: LayerStack; readonly lineage: string | undefined },
    { planned, programs }: PreparedStage,
  ): Promise<SolvedStep> {
    try {
      return await solveStep(step, {
        solver: this,
        below: layers,
        lineage,
        useCache: this.#usesCache(planned),
        stage: planned.title,
        programs,
      });
    } catch (error) {
      throw at(this.workshop.store.describe(error), this.dockerfile.text, step.at);
    }
  }

  #usesCache({ stage }: PlannedStage): boolean {
    const { noCache } = this.request;
    if (noCache === 'all') return false;
    return stage.name === undefined || !noCache.includes(stage.name);
  }

  /** What `--from`, `from=` and the context itself are. */
  async open(reference: SourceReference): Promise<OpenedSource> {
    const { sources } = this.workshop;
    switch (reference.kind) {
      case 'scratch':
        return { tree: emptyTree, identity: 'scratch' };
      case 'context':
        return { tree: await sources.context(this.request.context, this.#path, 'the build context') };
      case 'named':
        return this.#contexts.open(reference.name);
      case 'stage': {
        const { layers } = await this.#solveStage(reference.index);
        const title = this.plan.planned[reference.index]?.title;
        return this.workshop.openLayers(layers, `stage "${title}"`);
      }
      case 'image': {
        const { layers } = await this.#image(reference.name, this.platform);
        return this.workshop.openLayers(layers, `image ${reference.name}`);
      }
    }
  }
}
