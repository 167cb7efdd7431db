// How registries are reached: what the configuration, the environment and the files of Docker say.

export interface RegistrySettings {
  /** HOME, DOCKER_CONFIG, HTTP_PROXY and their like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hosts that may be asked by plain HTTP, or with a certificate that cannot be verified; CIDR ranges too. */
  readonly insecure?: readonly string[];
  /** Host -> mirrors to ask first, in this order: `docker.io` -> `https://mirror.example`. Pulls only. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Directories like /etc/docker/certs.d; the first that knows a host is taken. */
  readonly certificates?: readonly string[];
  /** A registry that is silent for so long has failed. Default: one minute. */
  readonly silenceMs?: number;
  /** Before the first repetition; it doubles each time. Default: half a second. */
  readonly retryDelayMs?: number;
}

/** What the caller's environment says. */
export function readRegistrySettings(): RegistrySettings {
  return { environment: process.env };
}
