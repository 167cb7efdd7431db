// What every verb is given: how the user named the project, the ports to the world, where events go.

import type { BuildEvent, Engine, ExecuteEvent, ImageNotice, LogRecord } from '../engine/ports.ts';
import type { FileReader } from '../project/file-reader.ts';
import type { ProjectSelection } from './discovery.ts';

export interface AppContext {
  readonly selection: ProjectSelection;
  readonly reader: FileReader;
  /** Opened on first use: `config` never needs one. Rejects if the caller may not do what it is for. */
  engine(use: EngineUse): Promise<Engine>;
  /** Plans are made and returned; nothing is executed. */
  readonly dryRun: boolean;
  /** Steps at a time; absent: as many as there are cores. */
  readonly parallel?: number;
  /** The answer to every question is yes. */
  readonly yes: boolean;
  /** Asks the user; absent where nobody can answer. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Fires when the user asks to end: a first Ctrl-C, SIGTERM. */
  readonly interrupted: AbortSignal;
  /** Fires when the user insists. */
  readonly forced: AbortSignal;
  on(event: AppEvent): void;
}

/** `change`: containers will be touched. */
export type EngineUse = 'read' | 'change';

export type AppEvent =
  | ExecuteEvent
  | ImageNotice
  | OutputEvent
  | { readonly type: 'build'; readonly event: BuildEvent };

/** What an attached `up` and `logs` tell beside the plan's progress. */
export type OutputEvent =
  /** Whose lines are to come: prefixes align on their names. */
  | {
      readonly type: 'sources';
      readonly sources: readonly Pick<OutputSource, 'service' | 'number' | 'label'>[];
    }
  | { readonly type: 'output'; readonly source: OutputSource; readonly record: LogRecord }
  | {
      readonly type: 'exited';
      readonly source: OutputSource;
      readonly exitCode: number;
      readonly restarting: boolean;
    }
  | { readonly type: 'stopping'; readonly because: 'interrupt' | 'container-exit' };

/** Whose line it is. */
export interface OutputSource {
  readonly containerId: string;
  readonly name: string;
  readonly service: string;
  readonly number: number;
  /** What heads its lines. */
  readonly label: string;
}
