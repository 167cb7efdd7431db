// Names of images: the store has them fully written out, users read and type Docker's short form. Pure.

export interface ImageName {
  /** `mysql`, `grafana/loki`, `localhost:5000/app`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** `docker.io/library/mysql:5.7` is `mysql` with the tag `5.7`. */
export function parseStoredName(name: string): ImageName {
  const [named = '', digest] = name.split('@');
  const { repository, tag } = splitTag(named);
  return {
    repository: shorten(repository),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** `mysql:5.7`. */
export function formatShortName(name: string): string {
  const { digest, repository, tag } = parseStoredName(name);
  return repository + (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}

/** Whether a user wrote which image of the repository is meant. */
export function isExact(text: string): boolean {
  return text.includes('@') || splitTag(text).tag !== undefined;
}

/** What all the names of a repository begin with, and the short form of each. */
export function isInRepository(name: string, repository: string): boolean {
  const full = splitTag(name.split('@')[0] ?? '').repository;
  return full === repository || shorten(full) === shorten(repository);
}

/** A colon after the last slash: one before it belongs to a port. */
function splitTag(text: string): { readonly repository: string; readonly tag?: string } {
  const colon = text.lastIndexOf(':');
  if (colon <= text.lastIndexOf('/')) return { repository: text };
  return { repository: text.slice(0, colon), tag: text.slice(colon + 1) };
}

function shorten(repository: string): string {
  return repository.replace(/^docker\.io\//, '').replace(/^library\/([^/]+)$/, '$1');
}
