// Holds the real import graph of src/ against the arrows that the design allows.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = resolve(dirname(fileURLToPath(import.meta.url)), '../../src');

/** room -> rooms it may import. `types:` rooms may be imported by `import type` only. */
const allowed: Record<string, string[]> = {
  base: [],
  project: [],
  plan: ['project'],
  runtime: ['project', 'types:image'],
  image: ['types:runtime/native'],
  build: ['image', 'runtime', 'project'],
  engine: ['plan', 'project', 'image', 'build', 'runtime'],
  app: ['project', 'plan', 'engine/ports'],
  ui: ['types:app', 'types:project', 'types:plan', 'types:engine/ports'],
  cli: ['app', 'ui', 'types:engine/ports', 'engine/native-engine'],
};

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function sourceFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found: Import[] = [];
  const pattern =
    /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/g;
  for (const match of text.matchAll(pattern)) {
    const target = match[3] ?? match[4] ?? '';
    found.push({
      from: relative(src, file),
      to: relative(src, resolve(dirname(file), target)),
      typeOnly: match[2] !== undefined,
    });
  }
  return found;
}

const all = sourceFiles(src).flatMap(importsOf);
const room = (path: string) => path.split('/')[0] ?? '';
const bare = (path: string) => path.replace(/\.ts$/, '');

function isAllowed(arrow: Import): boolean {
  const from = room(arrow.from);
  const to = room(arrow.to);
  if (from === to || to === 'base') return true;
  return (allowed[from] ?? []).some((entry) => {
    const typesOnly = entry.startsWith('types:');
    const target = entry.replace('types:', '');
    if (typesOnly && !arrow.typeOnly) return false;
    return target === to || bare(arrow.to) === target;
  });
}

function findCycle(): string[] | undefined {
  const graph = new Map<string, string[]>();
  for (const arrow of all) {
    if (!arrow.typeOnly) graph.set(arrow.from, [...(graph.get(arrow.from) ?? []), arrow.to]);
  }
  const done = new Set<string>();
  const visit = (node: string, trail: string[]): string[] | undefined => {
    const at = trail.indexOf(node);
    if (at >= 0) return [...trail.slice(at), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...trail, node]);
      if (cycle) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle) return cycle;
  }
  return undefined;
}

describe('the import graph', () => {
  it('has arrows to look at', () => {
    expect(all.length).toBeGreaterThan(5);
  });

  it('has no arrow that the design forbids', () => {
    expect(all.filter((arrow) => !isAllowed(arrow)).map((arrow) => `${arrow.from} -> ${arrow.to}`)).toEqual(
      [],
    );
  });

  it('has no circle', () => {
    expect(findCycle()).toBeUndefined();
  });

  it('keeps process.stdout and process.exit in ui and cli', () => {
    const offenders = sourceFiles(src)
      .filter((file) => !['ui', 'cli'].includes(room(relative(src, file))))
      .filter((file) => /process\.(stdout|stderr|exit)\b/.test(readFileSync(file, 'utf8')))
      .map((file) => relative(src, file));
    expect(offenders).toEqual([]);
  });

  it('loads the addon in one file only', () => {
    const offenders = sourceFiles(src)
      .filter((file) => /tcompose\.node/.test(readFileSync(file, 'utf8')))
      .map((file) => relative(src, file));
    expect(offenders.filter((file) => file !== 'runtime/native.ts')).toEqual([]);
  });
});
