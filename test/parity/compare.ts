// What `tcompose config` and `docker compose config` make of one case, view by view.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Case } from '../conformance/case-file.ts';
import { askOurs } from './ours.ts';
import { createSandbox } from './sandbox.ts';
import { ask } from './tool.ts';

const project = {
  json: ['--format', 'json'],
  yaml: [],
  raw: ['--no-interpolate', '--format', 'json'],
  hash: ['--hash', '*'],
} as const;

const parts = {
  'no-normalize': ['--no-normalize', '--format', 'json'],
  'no-path-resolution': ['--no-path-resolution', '--format', 'json'],
  'no-env-resolution': ['--no-env-resolution', '--format', 'json'],
  'no-consistency': ['--no-consistency', '--format', 'json'],
  variables: ['--variables', '--format', 'json'],
  services: ['--services'],
  images: ['--images'],
  networks: ['--networks'],
  volumes: ['--volumes'],
  models: ['--models'],
  profiles: ['--profiles'],
  environment: ['--environment'],
} as const;

type View = keyof typeof project | keyof typeof parts;

const views: Readonly<Record<View, readonly string[]>> = { ...project, ...parts };
export const wholeViews = Object.keys(project) as View[];
export const allViews = Object.keys(views) as View[];

/** `json services.web.ports`: view and where the outputs differ, or who refuses. None: the two are equal. */
export async function compareCase(
  one: Case,
  tool: readonly string[],
  wanted: readonly View[],
): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'parity-'));
  try {
    const sandbox = createSandbox(one, join(directory, 'root'));
    const found: string[] = [];
    for (const view of wanted) {
      const theirs = await ask(tool, sandbox, views[view]);
      const ours = await askOurs(sandbox, views[view]);
      const difference = describe(view, theirs.text, ours.text);
      if (difference !== undefined) found.push(`${view} ${difference}`);
    }
    return found;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Undefined: none. */
function describe(view: View, theirs: string | undefined, ours: string | undefined): string | undefined {
  if (theirs === undefined || ours === undefined) {
    return theirs === ours ? undefined : theirs === undefined ? 'is refused there' : 'is refused here';
  }
  const [theirValue, ourValue] = [readOutput(view, theirs), readOutput(view, ours)];
  const paths = differences(theirValue, ourValue, []).map((path) => path.join('.') || '(all)');
  if (paths.length > 0) return [...new Set(paths)].sort().join(' ');
  // JSON is the same byte by byte; of YAML, each version has its own way to quote and to fold.
  const isExact = view !== 'variables' && views[view].includes('json');
  return isExact && theirs.trimEnd() !== ours.trimEnd() ? '(layout)' : undefined;
}

function readOutput(view: View, text: string): unknown {
  // Of a variable with several uses, Docker Compose says what one of them says, each time another one.
  if (view === 'variables') return Object.keys(JSON.parse(text)).sort();
  if (views[view].includes('json')) return JSON.parse(text);
  if (view === 'yaml') return parse(text);
  // Lists come in any order there; so do the services that do not depend on each other.
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.split(/[ =]/, 1)[0], line]));
}

/** The shortest paths at which values differ. */
function differences(a: unknown, b: unknown, path: readonly string[]): (readonly string[])[] {
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return [path];
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) {
    return Object.is(a, b) ? [] : [path];
  }
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differences(a[key], b[key], [...path, key]));
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
