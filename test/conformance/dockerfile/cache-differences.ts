// Changes after which Docker does other steps again than we do, each with the reason: docs/build.md.

const known = 'we know a COPY by what it puts where; it, by how that is written';
const exact = 'it takes the directory for unchanged, and keeps its old mode in the image';
const clamped =
  'times of files are part of our layers; it has no more than the times of new directories in them';

export const cacheDifferences: ReadonlyMap<string, string> = new Map([
  ['add-instead-of-copy', known],
  ['chown-of-root', known],
  ['directory-renamed', known],
  ['file-renamed', known],
  ['mode-of-a-file-with-chmod', known],
  ['name-of-a-here-document', known],
  ['mode-of-a-directory', exact],
  ['argument-source-date-epoch', clamped],
]);
