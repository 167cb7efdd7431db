// Steps that other machines did: looked up by key where this machine has none, and got when one is wanted.

import { TcError } from '../../base/error.ts';
import type { LayerStack, StackedLayer } from '../../image/build-store.ts';
import type { OpenedSteps, StepPlace } from '../../image/step-cache/place.ts';
import { formatPlace } from '../../image/step-cache/place.ts';
import type { StepExchange } from '../../image/step-cache/step-exchange.ts';
import type { SharedStep } from '../../image/step-cache/steps-document.ts';
import type { StepText } from '../solve/event.ts';
import type { Workshop } from '../solve/workshop.ts';

interface KnownStep {
  readonly step: SharedStep;
  readonly opened: OpenedSteps;
  readonly from: string;
}

export class ImportedSteps {
  readonly #workshop: Workshop;
  readonly #build: string;
  readonly #exchange: StepExchange;
  readonly #steps = new Map<string, KnownStep>();
  readonly #opened: OpenedSteps[] = [];

  private constructor(workshop: Workshop, build: string, exchange: StepExchange) {
    this.#workshop = workshop;
    this.#build = build;
    this.#exchange = exchange;
  }

  /** A cache that is not there, or cannot be read, is told and done without. */
  static async open(workshop: Workshop, build: string, places: readonly StepPlace[]): Promise<ImportedSteps> {
    const imported = new ImportedSteps(workshop, build, await workshop.store.exchange());
    for (const place of places) await imported.#add(place);
    return imported;
  }

  async #add(place: StepPlace): Promise<void> {
    const { signal } = this.#workshop.options;
    const from = formatPlace(place);
    const text = this.#workshop.nextStep(this.#build, `importing cache from ${from}`);
    this.#workshop.tell({ type: 'step', phase: 'started', ...text });
    try {
      const opened = await this.#exchange.open(place, signal);
      this.#opened.push(opened);
      for (const step of opened.steps) {
        // The first place that knows a step counts.
        for (const key of step.keys) if (!this.#steps.has(key)) this.#steps.set(key, { step, opened, from });
      }
      this.#workshop.tell({ type: 'step', phase: 'done', ...text });
    } catch (error) {
      signal.throwIfAborted();
      this.#tellFailure(text, error);
    }
  }

  #tellFailure(text: StepText, error: unknown): void {
    if (!(error instanceof TcError)) throw error;
    const output = `${error.message}\n`;
    this.#workshop.tell({ type: 'step-output', stream: 'stderr', text: output, ...text });
    this.#workshop.tell({ type: 'step', phase: 'failed', ...text });
  }

  /** Undefined: nobody knows the step, or what they have of it is not what it should be. */
  async get(keys: readonly string[], below: LayerStack): Promise<StackedLayer | undefined> {
    const known = keys.map((key) => this.#steps.get(key)).find((found) => found !== undefined);
    if (known === undefined) return undefined;
    const { step, opened, from } = known;
    const { signal } = this.#workshop.options;
    const diffIds = below.map(({ diffId }) => diffId);
    try {
      await this.#exchange.install(opened, step, diffIds, signal);
    } catch (error) {
      signal.throwIfAborted();
      const text = this.#workshop.nextStep(this.#build, `importing ${step.layer.digest} from ${from}`);
      this.#workshop.tell({ type: 'step', phase: 'started', ...text });
      this.#tellFailure(text, error);
      // It is not asked for again.
      for (const key of step.keys) this.#steps.delete(key);
      return undefined;
    }
    return { descriptor: step.layer, diffId: step.diffId, created: step.created };
  }

  close(): void {
    for (const opened of this.#opened) opened.close();
  }
}
