// How registries are reached: what the configuration, the environment and the files of Docker say.

export interface RegistrySettings {
  /** HOME, DOCKER_CONFIG, HTTP_PROXY and their like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hosts that may be asked by plain HTTP, or with a certificate that cannot be verified; CIDR ranges too. */
  readonly insecure?: readonly string[];
  /** Host -> mirrors to ask first, in this order: `docker.io` -> `https://mirror.example`. Pulls only. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Directories like /etc/docker/certs.d, first match wins. */
  readonly certificates?: readonly string[];
}
