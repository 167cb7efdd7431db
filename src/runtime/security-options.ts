// `security_opt` of a service, and what cannot be honoured of it.

export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  readonly seccomp: 'default' | 'unconfined';
  /** /proc and /sys without masked and read-only paths. */
  readonly systemPaths: 'default' | 'unconfined';
  /** Options that are not understood or not supported, as written. */
  readonly unsupported: readonly string[];
}

/** No LSM profile is ever loaded, so that turning one off is honoured by doing nothing. */
const WITHOUT_EFFECT = new Set(['apparmor=unconfined', 'label=disable']);

/** `OPTION`, `OPTION=VALUE`, or the older `OPTION:VALUE`. */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  const words = new Map(options.map((option) => [option.replace(':', '=').toLowerCase(), option]));
  const take = (...names: string[]) => names.filter((name) => words.delete(name)).length > 0;
  take('no-new-privileges=false', 'seccomp=builtin', ...WITHOUT_EFFECT);
  return {
    noNewPrivileges: take('no-new-privileges', 'no-new-privileges=true'),
    seccomp: take('seccomp=unconfined') ? 'unconfined' : 'default',
    systemPaths: take('systempaths=unconfined') ? 'unconfined' : 'default',
    unsupported: [...words.values()],
  };
}
