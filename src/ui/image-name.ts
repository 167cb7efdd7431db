// Names of images as people write them.

/** Docker's own registry, and the library in it, go without saying. */
export function shortenReference(reference: string): string {
  return reference.replace(/^docker\.io\/(library\/(?=[^/]+$))?/, '');
}

/** `127.0.0.1:5000/team/app:1` -> repository and tag, each as Docker lists it; a digest is no tag. */
export function splitReference(reference: string): { readonly repository: string; readonly tag: string } {
  const [name = '', digest] = reference.split('@');
  const [, repository = name, tag = ''] = /^(.*):([^:/]+)$/.exec(name) ?? [];
  return { repository: shortenReference(repository), tag: digest === undefined ? tag : '' };
}
