// One container of this instance, of whatever project, by its name or the first digits of its id.

import { TcError } from '../../base/error.ts';
import { findNearest } from '../../base/suggest.ts';
import type { Engine } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';

export async function findContainer(engine: Engine, text: string): Promise<ObservedContainer> {
  const projects = await engine.listProjects();
  const states = await Promise.all(projects.map(({ name }) => engine.observe(name)));
  const all = states.flatMap((state) => state.containers);
  const named = all.find((container) => container.name === text);
  if (named !== undefined) return named;
  const byId = text === '' ? [] : all.filter((container) => container.id.startsWith(text));
  if (byId.length === 1 && byId[0] !== undefined) return byId[0];
  throw byId.length > 1 ? ambiguous(text, byId) : unknown(text, all);
}

function ambiguous(text: string, found: readonly ObservedContainer[]): TcError {
  return new TcError(`${found.length} containers have an id that begins with ${text}`, {
    code: 'ambiguous-container',
    hints: [`they are ${found.map((container) => container.name).join(', ')}: name one, or give more digits`],
  });
}

function unknown(text: string, all: readonly ObservedContainer[]): TcError {
  const near = findNearest(
    text,
    all.map((container) => container.name),
  );
  return new TcError(`there is no container ${text}`, {
    code: 'no-container',
    hints: [
      near === undefined ? '`tcompose ps -a` lists the containers of a project' : `did you mean "${near}"?`,
    ],
  });
}
