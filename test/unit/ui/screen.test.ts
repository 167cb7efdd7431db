// What the screen shows, byte for byte: each file in test/golden/screen says in YAML what happens, below the line is
// what is printed; standard error's lines are marked with `2|`. Escapes show as `␛`.

import { describe } from 'vitest';
import { parse } from 'yaml';
import { TcError, type TcErrorOptions } from '../../../src/base/error.ts';
import type { Warning } from '../../../src/base/warning.ts';
import type { BuildEvent, ImageNotice } from '../../../src/engine/ports.ts';
import { planDown } from '../../../src/plan/down.ts';
import type { ObservedContainer, ObservedVolume } from '../../../src/plan/observed-state.ts';
import { planUp } from '../../../src/plan/up.ts';
import { type ContainerListOptions, renderContainers } from '../../../src/ui/container/container-list.ts';
import { Display, type OutputOptions } from '../../../src/ui/display.ts';
import { renderProjects, renderVersion, renderVolumes } from '../../../src/ui/project-list.ts';
import type { Sink } from '../../../src/ui/sink.ts';
import type { ProgressMode } from '../../../src/ui/terminal.ts';
import { testGoldenFiles } from '../../golden/golden-file.ts';
import { buildWorld, type WorldWords } from '../plan/world.ts';

/** 2026-01-01T01:00:00Z, an hour after what world.ts creates. */
const now = Date.parse('2026-01-01T01:00:00Z');

type ErrorWords = Omit<TcErrorOptions, 'others'> & { message: string; others?: ErrorWords[] };

interface Scene {
  mode?: ProgressMode;
  colors?: boolean;
  dryRun?: boolean;
  /** Files for excerpts. */
  files?: Record<string, string>;
  /** Executes a plan; a step named in `fail` fails with its text. */
  up?: WorldWords & { options?: object; fail?: Record<string, string> };
  down?: WorldWords & { options?: object };
  replay?: WorldWords;
  /** What becomes of images, in the words of `ImageNotice`, `at` so many milliseconds. */
  images?: { image: string; at?: number; [key: string]: unknown }[];
  /** Events of builds, `at` so many milliseconds. */
  builds?: { at?: number; [key: string]: unknown }[];
  ps?: { containers: Record<string, Partial<ObservedContainer>> } & Partial<ContainerListOptions>;
  ls?: { projects: Parameters<typeof renderProjects>[0]; format?: string; quiet?: boolean };
  volumes?: { volumes: Partial<ObservedVolume>[]; format?: string; quiet?: boolean };
  version?: { format?: string; short?: boolean };
  error?: ErrorWords;
  crash?: string;
  warnings?: Warning[];
  logs?: {
    options?: Partial<OutputOptions>;
    sources?: string[];
    /** `web-1 text`, `web-1! text` for standard error, `web-1 exit 0`. */
    events: string[];
  };
}

async function show(text: string): Promise<string> {
  const scene = parse(text) as Scene;
  const written: { to: string; text: string }[] = [];
  const sink = (to: string): Sink => ({
    write: (chunk) => written.push({ to, text: chunk }),
    isTTY: false,
    columns: 80,
    rows: 24,
  });
  const isColored = scene.colors ?? false;
  const clock = { at: now };
  const display = new Display({
    stdout: sink(''),
    stderr: sink('2|'),
    mode: scene.mode ?? 'plain',
    colors: { stdout: isColored, stderr: isColored },
    isDryRun: scene.dryRun ?? false,
    directory: '/demo',
    readSource: (file) => scene.files?.[file],
    now: () => clock.at,
  });
  await play(scene, display, clock);
  await display.end();
  return written
    .flatMap(({ text: chunk, to }) => chunk.split(/(?<=\n)/).map((line) => `${to}${line}`))
    .join('')
    .replaceAll('\u001b', '␛');
}

async function play(scene: Scene, display: Display, clock: { at: number }): Promise<void> {
  for (const { at, ...event } of scene.builds ?? []) {
    clock.at = now + (at ?? clock.at - now);
    display.on({ type: 'build', event: event as unknown as BuildEvent });
  }
  for (const words of scene.images ?? []) {
    clock.at = now + (words.at ?? clock.at - now);
    display.on(noticeOf(words));
  }
  if (scene.up) playUp(scene.up, display);
  if (scene.down) {
    const { model, state } = buildWorld(scene.down);
    playPlan(planDown(model, state, scene.down.options ?? {}), display);
  }
  if (scene.replay) {
    const { inputs, model, state } = buildWorld(scene.replay);
    display.replay(planUp(model, inputs, state, {}));
  }
  if (scene.ps) {
    const { containers, ...options } = scene.ps;
    const known = buildWorld({
      containers: Object.fromEntries(Object.keys(containers).map((key) => [key, {}])),
    });
    const rows = known.state.containers.map((container, at) => ({
      ...container,
      ...Object.values(containers)[at],
    }));
    display.print(renderContainers(rows, { now, ...options }));
  }
  if (scene.ls) display.print(renderProjects(scene.ls.projects, scene.ls));
  if (scene.volumes) {
    const volumes = scene.volumes.volumes.map((volume) => ({ recorded: {}, labels: {}, ...volume }));
    display.print(renderVolumes(volumes as never, scene.volumes));
  }
  if (scene.version) display.print(renderVersion({ version: '1.2.3' }, scene.version));
  for (const warning of scene.warnings ?? []) display.warn(warning);
  if (scene.error) display.fail(buildError(scene.error));
  if (scene.crash) display.fail(withoutFrames(new Error(scene.crash)));
  if (scene.logs) playLogs(scene.logs, display);
}

function noticeOf({ image, at: _, ...event }: NonNullable<Scene['images']>[number]): ImageNotice {
  return {
    type: 'image',
    image,
    event: { reference: `docker.io/library/${image}`, ...event },
  } as ImageNotice;
}

function playUp({ fail = {}, options = {}, ...words }: NonNullable<Scene['up']>, display: Display): void {
  const { inputs, model, state } = buildWorld(words);
  playPlan(planUp(model, inputs, state, options), display, fail);
}

function playPlan(
  plan: ReturnType<typeof planUp>,
  display: Display,
  fail: Record<string, string> = {},
): void {
  display.on({ type: 'plan', plan });
  for (const { group, id: node, operation } of plan.nodes) {
    const event = { type: 'node', node, operation, ...(group === undefined ? {} : { group }) } as const;
    display.on({ ...event, phase: 'started' });
    const detail = fail[operation.kind];
    if (detail !== undefined) {
      display.on({ ...event, phase: 'failed', detail });
      return;
    }
    display.on({ ...event, phase: 'done' });
  }
}

function buildError({ message, others = [], ...options }: ErrorWords): TcError {
  return new TcError(message, { ...options, others: others.map(buildError) });
}

/** Frames name this machine. */
function withoutFrames(error: Error): Error {
  error.stack = `Error: ${error.message}\n    at somewhere`;
  return error;
}

function playLogs({ events, options, sources = [] }: NonNullable<Scene['logs']>, display: Display): void {
  display.showOutput({ color: true, prefix: true, timestamps: false, ...options });
  display.on({ type: 'sources', sources: sources.map(parseSource) });
  for (const event of events) {
    const [name = '', ...rest] = event.split(' ');
    const source = parseSource(name.replace('!', ''));
    const text = rest.join(' ');
    const exit = /^exit (\d+)( restarting)?$/.exec(text);
    if (exit) {
      display.on({ type: 'exited', source, exitCode: Number(exit[1]), restarting: exit[2] !== undefined });
    } else {
      const stream = name.endsWith('!') ? 'stderr' : 'stdout';
      const record = {
        containerId: source.containerId,
        stream,
        time: '2026-01-01T00:00:00.123456789Z',
        text,
      } as const;
      display.on({ type: 'output', source, record });
    }
  }
}

function parseSource(name: string) {
  const parts = /^(.*)-(\d+)$/.exec(name);
  const [, service = name, number = '1'] = parts ?? [];
  return { containerId: name, service, number: Number(number), ...(parts === null && { label: name }) };
}

describe('the screen', () => testGoldenFiles('screen', show));
