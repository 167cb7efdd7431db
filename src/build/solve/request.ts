// What is to be built, and what a build needs from outside of it.

export interface BuildRequest {
  /** For people: the service, or the name of the image. */
  readonly name: string;
  /** Absolute directory, or a Git repository. */
  readonly context: string;
  /** Relative ones lie in the context. */
  readonly dockerfile: { readonly path: string } | { readonly inline: string };
  readonly target?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Names that the image gets. */
  readonly tags: readonly string[];
  /** Name -> directory, Git repository, `docker-image://...`, `oci-layout://...`, or `service:name` of another request. */
  readonly namedContexts: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Id -> socket of an agent. */
  readonly ssh: Readonly<Record<string, string>>;
  readonly network: 'default' | 'none' | 'host';
  readonly entitlements: readonly string[];
  /** `HOST=IP`. */
  readonly extraHosts: readonly string[];
  /** Bytes. */
  readonly shmSize?: number;
  /** Bytes: the most that a command may use. */
  readonly memory?: number;
  readonly ulimits: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>;
  /** `linux/arm64`: an image for each, as one index; default: `DOCKER_DEFAULT_PLATFORM`, or this machine's. */
  readonly platforms?: readonly string[];
  /** Stages whose steps run although they are known. */
  readonly noCache: 'all' | readonly string[];
  /** Base images are looked up again. */
  readonly pull: boolean;
  /** What relative paths of caches count from. Absolute. */
  readonly directory: string;
  /** As `build.cache_from` and `build.cache_to` are written. */
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
}

export type SecretSource =
  | { readonly file: string }
  | { readonly environment: string }
  | { readonly content: string };
