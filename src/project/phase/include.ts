// Phase: `include` takes in other projects' files, each with a directory and an environment of its own; what the
// including file says of a thing stands over what the included one says. Source: compose-spec 14-include.md.

import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { readEnvFiles } from '../text/environment.ts';
import type { Place } from '../text/source-text.ts';
import {
  copyEntry,
  isMapping,
  listAt,
  type Mapping,
  newMapping,
  type Value,
  valuePlace,
} from '../text/tree.ts';
import type { Document } from './assemble.ts';
import { readDocuments } from './document.ts';
import { locateFile } from './locate.ts';
import { mergeProjects } from './merge.ts';
import type { Scope } from './scope.ts';

type Assemble = (documents: readonly Document[], scope: Scope) => Mapping;

interface Entry {
  /** Absolute: the file, and its overrides. */
  readonly paths: readonly string[];
  readonly directory: string;
  /** Absolute; undefined: the directory's `.env`. */
  readonly envFiles: readonly string[] | undefined;
  readonly at: Place;
}

const importedSections = ['services', 'volumes', 'networks', 'secrets', 'configs', 'models'];

/** The document over everything that it includes. */
export function resolveIncludes(document: Mapping, scope: Scope, assemble: Assemble): Mapping {
  const list = listAt(document, 'include');
  if (!list) return document;
  let imported = newMapping();
  list.forEach((item, index) => {
    const entry = readEntry(item, valuePlace(list, index), scope);
    const project = entry && loadEntry(entry, scope, assemble);
    if (project) imported = mergeProjects(imported, pickSections(project), scope.run);
  });
  return mergeProjects(imported, document, scope.run);
}

function readEntry(item: Value, at: Place, scope: Scope): Entry | undefined {
  const fields = isMapping(item) ? item : undefined;
  const names = toTexts(fields ? fields['path'] : item);
  const [first] = names;
  if (first === undefined) {
    const message = 'this include names no file';
    scope.run.diagnostics.error({ code: 'key-missing', message, at, hints: ['add `path: FILE`'] });
    return undefined;
  }
  const paths = names.flatMap((name) => locateFile(name, scope.directory, scope.run, at) ?? []);
  if (paths.length < names.length) return undefined;
  const ownDirectory = fields?.['project_directory'];
  const directory =
    typeof ownDirectory === 'string' ? resolve(scope.directory, ownDirectory) : dirname(paths[0] ?? first);
  const envFiles = fields?.['env_file'] === undefined ? undefined : toTexts(fields['env_file']);
  return {
    paths,
    directory,
    envFiles: envFiles?.filter((file) => file !== '/dev/null').map((file) => resolve(scope.directory, file)),
    at,
  };
}

function toTexts(value: Value | undefined): string[] {
  return [value ?? []].flat().map(String);
}

function loadEntry(entry: Entry, scope: Scope, assemble: Assemble): Mapping | undefined {
  const { run } = scope;
  const [main = ''] = entry.paths;
  if (scope.chain.some((link) => link.file === main)) {
    const files = [...scope.chain.map((link) => link.file), main];
    const message = `include cycle: ${files.map((file) => relative(scope.directory, file) || file).join(' -> ')}`;
    run.diagnostics.error({
      code: 'include-cycle',
      message,
      at: entry.at,
      hints: ['remove one of these includes'],
    });
    return undefined;
  }
  const defaultFile = join(entry.directory, '.env');
  const envFiles = entry.envFiles ?? (run.reader.exists(defaultFile) ? [defaultFile] : []);
  const inner: Scope = {
    run,
    directory: entry.directory,
    pathBase: pathBaseOf(entry.directory, scope),
    environment: readEnvFiles(envFiles, scope.environment, run.reader, run.diagnostics, entry.at),
    chain: scope.chain,
  };
  const wanted = { code: 'include-missing' as const, what: 'the included file', at: entry.at };
  const documents = entry.paths.flatMap((file) =>
    readDocuments(file, run, wanted).map((tree): Document => ({ file, tree })),
  );
  return assemble(documents, inner);
}

/** Without path resolution, what an include moves is still written relative to the including directory. */
function pathBaseOf(directory: string, scope: Scope): string {
  if (scope.pathBase !== undefined && isAbsolute(scope.pathBase)) return directory;
  return join(scope.pathBase ?? '', relative(scope.directory, directory));
}

function pickSections(project: Mapping): Mapping {
  const picked = newMapping();
  for (const section of importedSections) {
    if (section in project) copyEntry(project, section, picked);
  }
  return picked;
}
