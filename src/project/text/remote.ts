// Names of Compose files that are not on this machine. Source: compose-spec 14-include.md and docker/buildx's Git URLs.

export interface GitReference {
  readonly kind: 'git';
  readonly url: string;
  /** Branch, tag or commit; absent: the repository's default branch. */
  readonly ref?: string;
  /** Directory or file in the repository; absent: its top. */
  readonly path?: string;
}

export interface OciReference {
  readonly kind: 'oci';
  readonly image: string;
}

export type RemoteReference = GitReference | OciReference;

const git =
  /^(?:(?:https?|ssh|git):\/\/[^#\s]+\.git|(?:https?|ssh|git):\/\/github\.com\/[^#\s]+|git@[^#\s:]+:[^#\s]+)$/;

/** `https://host/x.git#ref:dir`, `git@host:x.git`, `github.com/a/b`, `oci://host/x:tag`. Undefined: a local name. */
export function parseRemote(name: string): RemoteReference | undefined {
  if (name.startsWith('oci://')) return { kind: 'oci', image: name.slice('oci://'.length) };
  const hash = name.indexOf('#');
  const head = hash < 0 ? name : name.slice(0, hash);
  const url = /^github\.com\/[^/]+\/[^/]+$/.test(head) ? `https://${head}` : head;
  if (!git.test(url)) return undefined;
  const fragment = hash < 0 ? '' : name.slice(hash + 1);
  const colon = fragment.indexOf(':');
  const ref = colon < 0 ? fragment : fragment.slice(0, colon);
  const path = colon < 0 ? '' : fragment.slice(colon + 1);
  return { kind: 'git', url, ...(ref ? { ref } : {}), ...(path ? { path } : {}) };
}

/** Also those that nothing can fetch, such as `https://host/compose.yaml`. */
export function isRemote(name: string): boolean {
  return parseRemote(name) !== undefined || /^[a-z][a-z0-9+.-]+:\/\//.test(name);
}
