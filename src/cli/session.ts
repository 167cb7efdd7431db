// One run of one command: its global flags turned into what app and ui need, each part made on first use.

import type { Outcome } from '../app/carry-out.ts';
import type { AppContext } from '../app/context.ts';
import type { ProjectSelection } from '../app/discovery.ts';
import type { PlanFormat } from '../app/plan.ts';
import { createReader } from '../app/reader.ts';
import { TcError } from '../base/error.ts';
import type { Display } from '../ui/display.ts';
import { isTerminal } from '../ui/sink.ts';
import { createEngineOpener } from './engine.ts';
import type { FlagValues } from './flag.ts';
import type { Environment } from './flag-values.ts';
import type { GlobalFlags } from './global-flags.ts';
import { type Interrupts, listenForInterrupts } from './interrupts.ts';
import { openDisplay, presentationOf } from './presentation.ts';
import { workingDirectory } from './working-directory.ts';

/** A remote file may name others; a chain of them has an end. */
const mostRounds = 20;

export type GlobalValues = FlagValues<GlobalFlags>;

export class Session {
  readonly environment: Environment;
  readonly display: Display;
  /** What app functions take. */
  readonly context: AppContext;
  readonly #copies = new Map<string, string>();
  /** Whoever hears Ctrl-C and SIGTERM, once somebody does. */
  #interrupts: Interrupts | undefined;

  constructor(globals: GlobalValues, environment: Environment) {
    const selection = selectProject(globals, environment);
    this.environment = environment;
    this.display = openDisplay(presentationOf(globals, environment), selection.workingDir);
    const ports: SessionPorts = {
      reader: createReader({ environment, copies: this.#copies }),
      listen: () => {
        this.#interrupts ??= listenForInterrupts();
        return this.#interrupts;
      },
      on: (event) => this.display.on(event),
    };
    this.context = createContext(globals, selection, ports);
  }

  /**
   * Runs the verb; if its files name others that are elsewhere, fetches those and runs it from the start. That is safe
   * because a verb loads its files before it does anything.
   */
  async withRemoteFiles<T>(work: () => Promise<T>): Promise<T> {
    for (let round = 0; ; round++) {
      try {
        return await work();
      } catch (error) {
        const isNeeded = error instanceof TcError && error.code === 'remote-needed' && round < mostRounds;
        if (!isNeeded || !(await this.#fetch(error))) throw error;
      }
    }
  }

  async #fetch(error: unknown): Promise<boolean> {
    const { fetchNeeded } = await import('../app/remote-files.ts');
    const { ask } = await import('./confirm.ts');
    return fetchNeeded(error, {
      engine: () => this.context.engine('read'),
      ask: (question) => (this.context.yes ? Promise.resolve('yes') : ask(question)),
      keep: (name, path) => this.#copies.set(name, path),
      on: (event) => this.context.on(event),
    });
  }

  /** Data, to standard output. */
  print(text: string): void {
    this.display.print(text);
  }

  /** From here on the command hears the user's signals itself. Returns those that came before. */
  takeSignals(): readonly NodeJS.Signals[] {
    return this.#interrupts?.release() ?? [];
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

interface SessionPorts extends Pick<AppContext, 'reader' | 'on'> {
  /** Whoever is called hears Ctrl-C from then on. */
  listen(): Interrupts;
}

function createContext(
  globals: GlobalValues,
  selection: ProjectSelection,
  { reader, listen, on }: SessionPorts,
): AppContext {
  return {
    selection,
    reader,
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
    yes: globals.yes,
    ...(canAsk() ? { confirm: ask } : {}),
  };
}

/** Loaded when there is something to ask. */
async function ask(question: string): Promise<boolean> {
  const { confirm } = await import('./confirm.ts');
  return confirm(question);
}

/** Node's own stream for standard input is not touched: making it costs a start more than reading a project. */
function canAsk(): boolean {
  return isTerminal(0) && isTerminal(2);
}

/** -1 is no limit, as in Docker Compose; 0 leaves it to us. */
function parallelism(asked: number | undefined): number | undefined {
  if (asked === -1) return Number.POSITIVE_INFINITY;
  return asked === 0 ? undefined : asked;
}
