// The check CopyIgnoredFile: a source that the ignore file leaves out.

import type { Checks } from '../check/checks.ts';
import { hasWildcard } from '../pattern/path-pattern.ts';
import type { CopyStep } from '../stage/step.ts';
import { FilteredTree } from '../tree/filtered-tree.ts';
import type { Tree } from '../tree/tree.ts';

export async function checkIgnored(path: string, step: CopyStep, tree: Tree, checks: Checks): Promise<void> {
  if (!(tree instanceof FilteredTree) || hasWildcard(path)) return;
  const clean = path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/');
  if (clean === '' || !(await tree.hides(clean))) return;
  const verb = step.instruction === 'ADD' ? 'Add' : 'Copy';
  const message = `Attempting to ${verb} file "${clean}" that is excluded by .dockerignore`;
  checks.report('CopyIgnoredFile', { at: step.at }, message);
}
