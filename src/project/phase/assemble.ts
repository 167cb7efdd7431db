// Several files become one tree: includes, extends, overrides, defaults, paths.

import { type Mapping, newMapping, removeEntry } from '../text/tree.ts';
import { checkResources } from './check-resources.ts';
import { fillDefaults } from './defaults.ts';
import { prepareDocument } from './document.ts';
import { resolveExtends } from './extends.ts';
import { resolveIncludes } from './include.ts';
import { mergeProjects } from './merge.ts';
import { resolveInherited } from './resolve-inherited.ts';
import { resolvePaths } from './resolve-paths.ts';
import type { Scope } from './scope.ts';
import { removeRepeats } from './unique.ts';
import { checkEmpty } from './validate.ts';

export interface Document {
  readonly file: string;
  readonly tree: Mapping;
}

/** The documents in order, each over those before it. Consumes them. */
export function assemble(documents: readonly Document[], scope: Scope): Mapping {
  const { diagnostics } = scope.run;
  let project = newMapping();
  let isComplete = true;
  for (const { file, tree } of documents) {
    const state = prepareDocument(tree, scope);
    if (state === 'invalid') continue;
    isComplete &&= state === 'complete';
    const inner = { ...scope, chain: [...scope.chain, { file, at: 0 }] };
    const document = resolveIncludes(tree, inner, assemble);
    resolveExtends(document, file, scope);
    project = mergeProjects(project, document, scope.run);
  }
  removeEntry(project, 'include');
  if (diagnostics.failed) return project;
  if (!isComplete) checkEmpty(project, diagnostics);
  if (diagnostics.failed) return project;
  removeRepeats(project);
  fillDefaults(project);
  checkResources(project, diagnostics);
  if (scope.pathBase !== undefined) resolvePaths(project, scope.pathBase, scope.run);
  resolveInherited(project, scope.environment, scope.run);
  return project;
}
