// Compose files -> ProjectModel: the contents page of the loader. The phases, in order:
//
//   per document   parse (yaml), interpolate, older formats, validate, short forms     document.ts
//   per file       include, !reset and !override, extends, merge                       assemble.ts
//   per scope      unique items, defaults, resource checks, paths, inherited variables assemble.ts
//   once           normalize, bind, profiles, consistency, env files, pruning          here
//
// Validation and short forms come before merging, unlike in compose-go: so each error has its own file and line, and
// merging sees one form of everything.

import { dirname } from 'node:path';
import { Diagnostics } from './diagnostic/diagnostics.ts';
import type { FileReader } from './file-reader.ts';
import type { ProjectModel } from './model.ts';
import { assemble, type Document } from './phase/assemble.ts';
import { bindModel } from './phase/bind.ts';
import { checkReferences } from './phase/check-references.ts';
import { checkServices } from './phase/check-services.ts';
import { readDocuments } from './phase/document.ts';
import { locateFile, throwIfNeeded } from './phase/locate.ts';
import { normalize } from './phase/normalize.ts';
import { PlaceIndex } from './phase/place-index.ts';
import { resolveProjectName } from './phase/project-name.ts';
import { pruneResources } from './phase/prune.ts';
import type { LoadRun } from './phase/scope.ts';
import { selectProfiles, selectServices } from './phase/select.ts';
import { resolveServiceFiles } from './phase/service-environment.ts';
import type { Trace } from './phase/trace.ts';
import { defaultEnvFiles, Environment, readEnvFiles } from './text/environment.ts';
import { isRemote } from './text/remote.ts';
import { nowhere, Sources } from './text/source-text.ts';
import type { Mapping } from './text/tree.ts';

export interface LoadOptions {
  /** Absolute, remote, or `-` for standard input; each over those before it. */
  readonly files: readonly string[];
  readonly cwd: string;
  /** `--project-directory`; default: the directory of the first file. */
  readonly projectDirectory?: string;
  /** `-p`. */
  readonly projectName?: string;
  /** `--profile`; none: COMPOSE_PROFILES. */
  readonly profiles: readonly string[];
  /** `--env-file`; undefined: `.env` of the project directory. */
  readonly envFiles?: readonly string[];
  /** The process's own variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Only these services and what they depend on; their profiles become active. */
  readonly services?: readonly string[];
  /** Keeps networks, volumes, configs and secrets that no service uses. */
  readonly allResources?: boolean;
  /** `config --no-interpolate`: for `loadTree` only, as a model needs typed values. */
  readonly interpolation?: boolean;
  /** `config --no-consistency`. */
  readonly consistency?: boolean;
  /** `config --no-env-resolution`. */
  readonly envResolution?: boolean;
  /** `config --no-path-resolution`. */
  readonly pathResolution?: boolean;
  /** `config --no-normalize`. */
  readonly normalization?: boolean;
}

/**
 * Throws TcError: the first problem, with all others that are independent of it; or RemoteNeeded, if each file
 * is right by itself and some name others that have to be fetched first.
 */
export function loadProject(options: LoadOptions, reader: FileReader): ProjectModel {
  return finishModel(loadTree(options, reader), options).model;
}

/** Records on the way where values come from. */
export function loadTraced(options: LoadOptions, reader: FileReader, trace: Trace): FinishedModel {
  return finishModel(loadTree(options, reader, trace), options);
}

interface FinishedModel {
  readonly model: ProjectModel;
  readonly places: PlaceIndex;
}

/** A project before it has types. */
export interface LoadedTree {
  readonly root: Mapping;
  readonly name: string;
  /** What relative paths start at; for a remote project, the directory of its copy. */
  readonly workingDir: string;
  /** Absolute, remote ones by their copies. */
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly environment: Environment;
  readonly run: LoadRun;
}

/** The phases up to normalization: all that can be done without interpolation as well. */
export function loadTree(options: LoadOptions, reader: FileReader, trace?: Trace): LoadedTree {
  const run = startRun(options, reader, trace);
  const { diagnostics } = run;
  const directory = projectDirectoryOf(options);
  const caller = Environment.fromProcess(options.environment);
  const envFiles = options.envFiles ?? defaultEnvFiles(directory, caller, reader);
  const base = readEnvFiles(envFiles, caller, reader, diagnostics);
  const files = options.files.flatMap((file) => locateFile(file, options.cwd, run) ?? []);
  throwIfNeeded(run);
  const documents = readProjectDocuments(files, run);
  const trees = documents.map((document) => document.tree);
  const realDirectory = reader.realpath?.(directory) ?? directory;
  const name = resolveProjectName(
    { explicit: options.projectName, environment: base, trees, directory, realDirectory },
    diagnostics,
  );
  diagnostics.throwIfFailed();
  const environment = base.withDefaults(new Map([['COMPOSE_PROJECT_NAME', { value: name, at: nowhere }]]));
  const workingDir = isRemote(options.files[0] ?? '') ? dirname(files[0] ?? directory) : directory;
  const pathBase = options.pathResolution === false ? undefined : workingDir;
  const root = assemble(documents, { run, directory: workingDir, pathBase, environment, chain: [] });
  throwIfNeeded(run);
  diagnostics.throwIfFailed();
  if (options.normalization !== false) normalize(root, name);
  return { root, name, workingDir, files, envFiles, environment, run };
}

/** `--project-directory`, else where the first real file is, else the current directory. */
function projectDirectoryOf(options: Pick<LoadOptions, 'files' | 'cwd' | 'projectDirectory'>): string {
  if (options.projectDirectory) return options.projectDirectory;
  const first = options.files.find((file) => file !== '-');
  return first === undefined || isRemote(first) ? options.cwd : dirname(first);
}

function startRun(options: LoadOptions, reader: FileReader, trace: Trace | undefined): LoadRun {
  return {
    reader,
    diagnostics: new Diagnostics(new Sources()),
    interpolation: options.interpolation !== false,
    trace,
    home: options.environment['HOME'],
    needed: new Map(),
    extended: new Map(),
  };
}

function readProjectDocuments(files: readonly string[], run: LoadRun): Document[] {
  const wanted = { code: 'file-missing' as const, what: 'the Compose file' };
  const documents = files.flatMap((file) =>
    readDocuments(file, run, wanted).map((tree): Document => ({ file, tree })),
  );
  if (documents.length === 0 && !run.diagnostics.failed) {
    run.diagnostics.error({
      code: 'file-empty',
      message: files.length === 0 ? 'no Compose file is given' : `${files.join(', ')} is empty`,
      hints: ['a Compose file has at least `services:` with one service below it'],
    });
  }
  return documents;
}

function finishModel(tree: LoadedTree, options: LoadOptions): FinishedModel {
  const { root, run, environment } = tree;
  const { diagnostics } = run;
  const places = new PlaceIndex(root, diagnostics.sources);
  const bound = bindModel(root, diagnostics);
  diagnostics.throwIfFailed();
  const named = options.services ?? [];
  const profiled = selectProfiles(bound.services, profilesOf(options, environment), named);
  if (options.consistency !== false) {
    const check = { bound, selection: profiled, places, diagnostics };
    checkReferences(check);
    checkServices(check);
  }
  const selection = selectServices(profiled, named, diagnostics);
  diagnostics.throwIfFailed();
  const envFiles = options.envResolution !== false;
  const services = resolveServiceFiles(selection.enabled, { run, environment, places, envFiles });
  diagnostics.throwIfFailed();
  const { models, ...resources } = options.allResources ? bound : pruneResources(bound, services);
  const model: ProjectModel = {
    name: tree.name,
    workingDir: tree.workingDir,
    configFiles: tree.files,
    environmentFiles: tree.envFiles,
    profiles: selection.profiles,
    services,
    disabledServices: selection.disabled,
    networks: resources.networks,
    volumes: resources.volumes,
    configs: resources.configs,
    secrets: resources.secrets,
    ...(Object.keys(models).length > 0 ? { models } : {}),
    extensions: bound.extensions,
    positions: places,
    warnings: diagnostics.warnings,
  };
  return { model, places };
}

function profilesOf(options: LoadOptions, environment: Environment): readonly string[] {
  if (options.profiles.length > 0) return options.profiles;
  const variable = environment.lookup('COMPOSE_PROFILES') ?? '';
  return variable.split(',').map((profile) => profile.trim());
}
