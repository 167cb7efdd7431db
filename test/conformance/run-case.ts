// Loads a case from memory and says what came out, section by section.

import type { SourcePosition } from '../../src/base/error.ts';
import { TcError } from '../../src/base/error.ts';
import { toCanonical } from '../../src/project/canonical.ts';
import { discoverFiles } from '../../src/project/discover.ts';
import { loadProject } from '../../src/project/load.ts';
import type { ProjectModel } from '../../src/project/model.ts';
import { formatYaml } from '../../src/project/text/yaml-format.ts';
import { type Case, parseEnv, parseOptions, type Section, textOf } from './case-file.ts';
import { createMemoryReader } from './memory-reader.ts';

const directory = '/project';

/** The case with its output sections as they are now. */
export function runCase(one: Case): Case {
  const outcome = loadCase(one);
  return { title: one.title, sections: one.sections.map((section) => rewrite(section, outcome)) };
}

export interface Outcome {
  readonly model?: ProjectModel;
  readonly error?: TcError;
}

/** The files of a case by absolute path. */
export function filesOf(one: Case): Map<string, string> {
  const files = one.sections.filter((section) => section.kind === 'file');
  return new Map(files.map((section) => [resolveName(section.name), section.text]));
}

export function loadCase(one: Case): Outcome {
  const files = filesOf(one);
  const reader = createMemoryReader(files);
  const options = parseOptions(textOf(one, 'options'));
  const environment = { HOME: '/home/user', ...parseEnv(textOf(one, 'env')) };
  try {
    const found = discoverFiles(
      {
        cwd: options.cwd ?? directory,
        files: options.files ?? [],
        environment,
        ...(options.envFiles ? { envFiles: options.envFiles } : {}),
        ...(options.projectDirectory ? { projectDirectory: options.projectDirectory } : {}),
      },
      reader,
    );
    const model = loadProject(
      {
        ...found,
        profiles: [],
        ...options,
        files: found.files,
        envFiles: found.envFiles,
        cwd: found.cwd,
        projectDirectory: found.projectDirectory,
      },
      reader,
    );
    return { model: { ...model, warnings: [...found.warnings, ...model.warnings] } };
  } catch (error) {
    if (error instanceof TcError) return { error };
    throw error;
  }
}

function resolveName(name: string): string {
  return name.startsWith('/') || name === '-' ? name : `${directory}/${name}`;
}

function rewrite(section: Section, { model, error }: Outcome): Section {
  switch (section.kind) {
    case 'expect':
      return { ...section, text: model ? formatPart(model, section.name) : 'an error instead\n' };
    case 'error':
      return { ...section, text: error ? [error, ...error.others].map(formatError).join('') : 'no error\n' };
    case 'warning':
      return { ...section, text: formatWarnings(model) };
    default:
      return section;
  }
}

function formatPart(model: ProjectModel, path: string): string {
  const project = toCanonical(model, 'yaml');
  if (path === '') return formatYaml(project);
  const value = path
    .split('.')
    .reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step], project);
  return value === undefined ? 'absent\n' : formatYaml(value);
}

function formatError(error: TcError): string {
  return `${formatPlace(error.source)}${error.code}: ${error.message}\n`;
}

function formatWarnings(model: ProjectModel | undefined): string {
  const lines = model?.warnings.map(
    (warning) => `${formatPlace(warning.source)}${warning.code}: ${warning.message}\n`,
  );
  return lines?.join('') || 'none\n';
}

function formatPlace(source: SourcePosition | undefined): string {
  return source ? `${source.file.replace(`${directory}/`, '')}:${source.line}:${source.col}: ` : '';
}
