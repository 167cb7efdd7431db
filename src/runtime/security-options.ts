// `security_opt` of a service, and what cannot be honoured of it.

export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** A path as written, relative to the project's directory. */
  readonly seccomp: 'default' | 'unconfined' | { readonly file: string };
  /** /proc and /sys without masked and read-only paths. */
  readonly systemPaths: 'default' | 'unconfined';
  readonly writableCgroups: boolean;
  /** The profile of AppArmor; undefined: none. */
  readonly apparmor?: string;
  /** Options of SELinux labels, which are not set, as written. */
  readonly labels: readonly string[];
  /** Options that are not understood, as written. */
  readonly unsupported: readonly string[];
}

type Change = Partial<SecurityOptions>;

const FLAGS: Readonly<Record<string, (value: boolean) => Change>> = {
  'no-new-privileges': (noNewPrivileges) => ({ noNewPrivileges }),
  'writable-cgroups': (writableCgroups) => ({ writableCgroups }),
};

const NOTHING_SAID: SecurityOptions = {
  noNewPrivileges: false,
  seccomp: 'default',
  systemPaths: 'default',
  writableCgroups: false,
  labels: [],
  unsupported: [],
};

/** Later options win. */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  let all = NOTHING_SAID;
  for (const option of options) all = { ...all, ...parseOption(option, all) };
  return all;
}

/** `OPTION`, `OPTION=VALUE`, or the older `OPTION:VALUE`. */
function parseOption(option: string, { labels, unsupported }: SecurityOptions): Change {
  const [, name = '', value = ''] = /^([^=:]*)(?:[=:](.*))?$/s.exec(option) ?? [];
  const flag = FLAGS[name];
  if (flag && ['', 'true', 'false'].includes(value)) return flag(value !== 'false');
  if (name === 'seccomp' && value !== '') return { seccomp: parseSeccomp(value) };
  if (name === 'systempaths' && value === 'unconfined') return { systemPaths: 'unconfined' };
  if (name === 'apparmor' && value !== '') return { apparmor: value === 'unconfined' ? undefined : value };
  // Nothing is labelled, so that turning it off is honoured by doing nothing.
  if (option === 'label=disable' || option === 'label:disable') return {};
  if (name === 'label') return { labels: [...labels, option] };
  return { unsupported: [...unsupported, option] };
}

function parseSeccomp(value: string): SecurityOptions['seccomp'] {
  if (value === 'unconfined') return 'unconfined';
  return value === 'builtin' ? 'default' : { file: value };
}
