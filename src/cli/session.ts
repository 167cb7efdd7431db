// One run of one command: its global flags turned into what app and ui need, each part made on first use.

import type { Outcome } from '../app/carry-out.ts';
import type { AppContext, AppEvent } from '../app/context.ts';
import type { ProjectSelection } from '../app/discovery.ts';
import type { PlanFormat } from '../app/plan.ts';
import { createReader } from '../app/reader.ts';
import type { Display } from '../ui/display.ts';
import { createEngineOpener } from './engine.ts';
import type { FlagValues } from './flag.ts';
import type { Environment } from './flag-values.ts';
import type { GlobalFlags } from './global-flags.ts';
import { type Interrupts, listenForInterrupts } from './interrupts.ts';
import { openDisplay, presentationOf } from './presentation.ts';
import { workingDirectory } from './working-directory.ts';

export type GlobalValues = FlagValues<GlobalFlags>;

export class Session {
  readonly environment: Environment;
  readonly display: Display;
  /** What app functions take. */
  readonly context: AppContext;

  constructor(globals: GlobalValues, environment: Environment) {
    const selection = selectProject(globals, environment);
    this.environment = environment;
    this.display = openDisplay(presentationOf(globals, environment), selection.workingDir);
    this.context = createContext(globals, selection, (event) => this.display.on(event));
  }

  /** Data, to standard output. */
  print(text: string): void {
    this.display.print(text);
  }

  /** Ends a verb that has a plan: a dry run prints it. The exit code. */
  async conclude(outcome: Outcome): Promise<number> {
    if (outcome.isDryRun) await this.showPlan(outcome.plan, 'text');
    return 0;
  }

  async showPlan(plan: Outcome['plan'], format: PlanFormat): Promise<void> {
    const { describePlan } = await import('../app/plan.ts');
    for (const warning of plan.warnings) this.display.warn(warning);
    const directory = this.context.selection.workingDir;
    this.print(describePlan(plan, { format, directory, style: this.display.dataStyle }));
  }
}

export function selectProject(globals: GlobalValues, environment: Environment): ProjectSelection {
  return {
    files: globals.file,
    projectName: globals['project-name'],
    projectDirectory: globals['project-directory'],
    environmentFiles: globals['env-file'],
    profiles: globals.profile,
    allResources: globals['all-resources'],
    compatibility: globals.compatibility,
    workingDir: workingDirectory(environment),
    environment,
  };
}

function createContext(
  globals: GlobalValues,
  selection: ProjectSelection,
  on: (event: AppEvent) => void,
): AppContext {
  let interrupts: Interrupts | undefined;
  const listen = () => {
    interrupts ??= listenForInterrupts();
    return interrupts;
  };
  return {
    selection,
    reader: createReader(),
    engine: createEngineOpener(globals.root),
    dryRun: globals['dry-run'],
    parallel: parallelism(globals.parallel),
    get interrupted() {
      return listen().interrupted;
    },
    get forced() {
      return listen().forced;
    },
    on,
    ...(canAsk() ? { confirm: ask } : {}),
  };
}

/** Loaded when there is something to ask. */
async function ask(question: string): Promise<boolean> {
  const { confirm } = await import('./confirm.ts');
  return confirm(question);
}

function canAsk(): boolean {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY);
}

/** -1 is no limit, as in Docker Compose; 0 leaves it to us. */
function parallelism(asked: number | undefined): number | undefined {
  if (asked === -1) return Number.POSITIVE_INFINITY;
  return asked === 0 ? undefined : asked;
}
