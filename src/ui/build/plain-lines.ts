// One line for each thing that happens in a build, in BuildKit's form: `#3 0.2 what a command printed`.

import type { BuildEvent } from '../../engine/ports.ts';
import {
  type BuildView,
  type BuildViewOptions,
  formatBuilt,
  type StepEvent,
  type StepOutput,
} from './view.ts';

interface PlainStep {
  readonly begunAt: number;
  /** Output that is not a whole line yet. */
  rest: string;
}

export class PlainLines implements BuildView {
  readonly isOnScreen = false;
  readonly #options: BuildViewOptions;
  readonly #steps = new Map<number, PlainStep>();

  constructor(options: BuildViewOptions) {
    this.#options = options;
  }

  show(event: BuildEvent): void {
    if (event.type === 'step') this.#showStep(event);
    if (event.type === 'step-output') this.#showOutput(event);
    if (event.type === 'built') this.#options.sink.write(formatBuilt(event));
  }

  close(): void {
    this.#steps.clear();
  }

  #showStep({ id, build, title, phase }: StepEvent): void {
    const { sink, now } = this.#options;
    if (phase === 'started' || phase === 'cached') {
      this.#steps.set(id, { begunAt: now(), rest: '' });
      sink.write(`#${id} ${build}: ${title}\n`);
    }
    if (phase === 'started') return;
    const step = this.#steps.get(id);
    if (step?.rest) sink.write(`#${id} ${step.rest}\n`);
    const words = { cached: 'CACHED', failed: 'ERROR', done: `DONE ${this.#secondsOf(step)}s` };
    sink.write(`#${id} ${words[phase]}\n\n`);
  }

  #showOutput({ id, text }: StepOutput): void {
    const step = this.#steps.get(id);
    if (step === undefined) return;
    const lines = `${step.rest}${text}`.split('\n');
    step.rest = lines.pop() ?? '';
    for (const line of lines) this.#options.sink.write(`#${id} ${this.#secondsOf(step)} ${line}\n`);
  }

  #secondsOf(step: PlainStep | undefined): string {
    const now = this.#options.now();
    return ((now - (step?.begunAt ?? now)) / 1000).toFixed(1);
  }
}
