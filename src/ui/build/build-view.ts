// The progress of builds: on a terminal the steps that run with the last lines of their output, redrawn in place; else
// lines, or JSON.

import type { ProgressMode } from '../terminal.ts';
import { PlainLines } from './plain-lines.ts';
import { StepScreen } from './step-screen.ts';
import type { BuildView, BuildViewOptions } from './view.ts';

/** Columns below which steps are not worth drawing. */
const narrowest = 40;

export function createBuildView(mode: ProgressMode, options: BuildViewOptions): BuildView {
  switch (mode) {
    case 'tty':
      return (options.sink.columns ?? 0) < narrowest ? new PlainLines(options) : new StepScreen(options);
    case 'plain':
      return new PlainLines(options);
    case 'json':
      return jsonView(options);
    case 'quiet':
      return { show: () => undefined, isOnScreen: false, close: () => undefined };
  }
}

/** One object a line: the event, and when it was. */
function jsonView({ sink, now }: BuildViewOptions): BuildView {
  return {
    show: (event) => sink.write(`${JSON.stringify({ ...event, time: new Date(now()).toISOString() })}\n`),
    isOnScreen: false,
    close: () => undefined,
  };
}
