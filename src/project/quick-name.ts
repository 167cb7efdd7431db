// The project's name without a YAML parser, for verbs that need no more than that. It answers only where a look at the
// lines leaves no doubt, and then as the loader would.

import { basename } from 'node:path';
import type { Discovery } from './discover.ts';
import type { FileReader } from './file-reader.ts';
import { normalizeProjectName } from './phase/project-name.ts';

export interface NameRequest {
  readonly discovery: Discovery;
  /** `-p`. */
  readonly projectName?: string;
}

/** Undefined: the files have to be loaded to know. */
export function guessProjectName(
  { discovery, projectName }: NameRequest,
  reader: FileReader,
): string | undefined {
  const given = projectName || discovery.variables['COMPOSE_PROJECT_NAME'];
  if (given) return requireValid(given);
  for (const file of discovery.files.toReversed()) {
    const found = file === '-' ? 'unclear' : scan(readText(file, reader));
    if (found === 'unclear') return undefined;
    if (found !== undefined) return requireValid(found.name);
  }
  return normalizeProjectName(basename(discovery.projectDirectory)) || undefined;
}

/** What the loader would reject is left to it. */
function requireValid(name: string): string | undefined {
  return normalizeProjectName(name) === name ? name : undefined;
}

function readText(file: string, reader: FileReader): string | undefined {
  try {
    return reader.read(file);
  } catch {
    return undefined;
  }
}

/** Lines of a block mapping whose keys are plain: blank, comment, indented, or `key:`. */
const plainLine = /^(?:\s|#|$|[A-Za-z_][\w.-]*:(?:\s|$))/;
const startMarker = /^(?:(?:#.*|\s*)\n)*---[ \t]*\n/;
/** A letter first, so that it is text to YAML. */
const nameLine = /^name:[ ]+(?:"([a-z][a-z0-9_-]*)"|'([a-z][a-z0-9_-]*)'|([a-z][a-z0-9_-]*))[ ]*(?:[ ]#.*)?$/;
/** Text that is not text to some version of YAML. */
const words: readonly string[] = ['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n'];

function scan(text: string | undefined): { readonly name: string } | 'unclear' | undefined {
  if (text === undefined) return 'unclear';
  const lines = text.replaceAll('\r\n', '\n').replace(startMarker, '').split('\n');
  const first = lines.find((line) => !/^\s*(?:#|$)/.test(line)) ?? '';
  if (/^\s/.test(first) || !lines.every((line) => plainLine.test(line))) return 'unclear';
  const at = lines.findIndex((line) => line.startsWith('name:'));
  if (at < 0) return undefined;
  const match = nameLine.exec(lines[at] as string);
  const name = match?.[1] ?? match?.[2] ?? match?.[3];
  const rest = lines.slice(at + 1);
  const isContinued = /^\s/.test(rest.find((line) => line.trim() !== '') ?? '');
  const isRepeated = rest.some((line) => line.startsWith('name:'));
  return name === undefined || isContinued || isRepeated || words.includes(name) ? 'unclear' : { name };
}
