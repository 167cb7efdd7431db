// Compose files elsewhere, copied into a cache of the caller: Git repositories and OCI artefacts.

export interface RemotePort {
  /** What was fetched under this name last, as long as it is here. */
  accepted(name: string): Promise<RemoteCopy | undefined>;
  /** The version that the name stands for now: a commit, a digest. Asks the other side unless the name says it. */
  resolve(name: string, signal?: AbortSignal): Promise<string>;
  /** A copy of that version, fetched unless it is here. From then on it is the accepted one: who calls has asked. */
  fetch(name: string, version: string, signal?: AbortSignal): Promise<RemoteCopy>;
}

export interface RemoteCopy {
  readonly version: string;
  /** Absolute: the Compose file. */
  readonly path: string;
}
