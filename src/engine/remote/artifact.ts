// A Compose project as an OCI artefact, as `docker compose publish` makes them: its files, and where they go. The names
// are a stranger's: none may lead out of the directory or take another's place (CVE-2025-62725).

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArtifactFile, ArtifactKind } from '../../image/registry/artifact.ts';
import { remoteFailure } from './failure.ts';

export const composeProject: ArtifactKind = {
  artifactType: 'application/vnd.docker.compose.project',
  configType: 'application/vnd.docker.compose.config.empty.v1+json',
};

export const composeFileType = 'application/vnd.docker.compose.file+yaml';
export const envFileType = 'application/vnd.docker.compose.envfile';

export const annotation = {
  file: 'com.docker.compose.file',
  envFile: 'com.docker.compose.envfile',
  /** The file is there for `extends` and is no part of the project by itself. */
  isExtended: 'com.docker.compose.extends',
} as const;

const mainFile = 'compose.yaml';

/** Name -> content. The project's files are the documents of one, in order: each overrides those before it. */
export function arrangeFiles(files: readonly ArtifactFile[], name: string): ReadonlyMap<string, string> {
  const main: string[] = [];
  const arranged = new Map<string, string>();
  for (const { annotations, bytes, mediaType } of files) {
    const text = Buffer.from(bytes).toString('utf8');
    const isComposeFile = mediaType === composeFileType;
    if (isComposeFile && !(annotation.isExtended in annotations)) main.push(text);
    else if (isComposeFile || mediaType === envFileType) {
      const file = checkName(annotations[isComposeFile ? annotation.file : annotation.envFile], name);
      if (arranged.has(file)) throw malformed(name, `it has two files \`${file}\``);
      arranged.set(file, text);
    }
  }
  if (main.length === 0) throw malformed(name, 'it has no Compose file');
  return arranged.set(mainFile, main.join('\n---\n'));
}

function checkName(file: string | undefined, name: string): string {
  if (file === undefined || file === '') throw malformed(name, 'a file of it has no name');
  const leadsOut = /[/\\\0]/.test(file) || file === '.' || file === '..';
  if (leadsOut) throw malformed(name, `the name ${JSON.stringify(file)} leads out of its directory`);
  if (file === mainFile) throw malformed(name, `a file of it would replace \`${mainFile}\``);
  return file;
}

function malformed(name: string, why: string): Error {
  return remoteFailure(`${name} is not a Compose project as it should be: ${why}`, [
    'do not use it, and tell its publisher',
  ]);
}

/** Into an empty directory. */
export function writeFiles(files: ReadonlyMap<string, string>, directory: string): void {
  for (const [file, text] of files) writeFileSync(join(directory, file), text, { flag: 'wx', mode: 0o600 });
}
