// Cases that Docker does not build as we do, each with the reason.

interface Difference {
  readonly why: string;
  /** Major version from which on there is none; absent: in every version. */
  readonly until?: number;
  readonly cases: readonly string[];
}

/** Docker 20.10, which Debian has, knows an older language. */
const older: readonly Omit<Difference, 'until'>[] = [
  {
    why: 'here-documents are newer',
    cases: [
      ...['add-heredoc', 'copy-heredoc', 'copy-heredoc-as-file', 'onbuild-heredoc'],
      ...['run-heredoc', 'run-heredoc-shebang', 'run-heredoc-two'],
    ],
  },
  {
    why: 'the flag is newer',
    cases: [
      ...['add-unpack-false', 'copy-exclude', 'copy-exclude-files', 'copy-link-flag', 'copy-parents'],
      ...['healthcheck', 'mount-secret-env', 'mount-secret-forms', 'mount-tmpfs', 'run-network-none'],
      ...['add-archive-with-flags', 'copy-exclude-patterns'],
    ],
  },
  {
    why: 'it accepts --chmod and does nothing',
    cases: ['copy-chmod', 'copy-chmod-of-new-directories', 'copy-chmod-variable'],
  },
  { why: 'it does not give what is in an archive to --chown', cases: ['add-archive-named-otherwise'] },
  { why: 'the modifiers of variables are newer', cases: ['arg-modifiers', 'variables-with-every-modifier'] },
  { why: 'variables in mounts are newer', cases: ['mount-variables'] },
  { why: '--from in ONBUILD is newer', cases: ['onbuild'] },
  { why: 'it copies devices as empty files', cases: ['copy-from-special-files'] },
  { why: '/. at the end of a destination means a directory since', cases: ['copy-destinations-with-dots'] },
  { why: 'it gives a user no supplementary groups', cases: ['users-and-their-homes'] },
  { why: 'its BuildKit ignores --shm-size and --ulimit', cases: ['run-shm-size', 'run-ulimit'] },
  {
    why: 'it leaves /etc in the layer; BuildKit of today does not',
    cases: ['run-keeps-what-it-wrote-at-mount-points', 'run-leaves-no-mount-points'],
  },
  { why: 'the argument TARGETSTAGE is newer', cases: ['arg-target-stage'] },
  {
    why: 'its client has no flag for named contexts',
    cases: ['copy-from-named-directory', 'named-context-replaces-image', 'named-context-replaces-stage'],
  },
  { why: 'its client gives no entitlements', cases: ['run-security-insecure'] },
  { why: 'the directive is newer', cases: ['check-error'] },
  { why: 'its client does not send named pipes; BuildKit of today does', cases: ['copy-fifo'] },
  { why: 'SOURCE_DATE_EPOCH is newer, and sets times only', cases: ['source-date-epoch'] },
];

const differences: readonly Difference[] = [
  ...older.map((each) => ({ ...each, until: 23 })),
  { why: 'the directive would be fetched from a registry', cases: ['syntax-directive'] },
  { why: 'the flag is in the labs channel alone', cases: ['copy-parents', 'run-security-insecure'] },
  // Ours by decision: docs/build.md.
  { why: 'it gives to root what is to be given to somebody unknown', cases: ['copy-chown-unknown'] },
  { why: 'it lets the last of several files have the name', cases: ['copy-several-without-slash'] },
  { why: 'it looks for a file with the backslash in its name', cases: ['copy-escaped-wildcard'] },
  { why: 'it ignores an invalid --chmod', cases: ['copy-chmod-invalid'], until: 23 },
  { why: 'its store holds one platform a name', cases: ['platforms', 'platforms-check'] },
];

interface Daemon {
  readonly version: number;
  /** The program `unxz`, which it takes archives apart with, is there. */
  readonly hasXz: boolean;
}

/** Case -> reason. */
export function listDifferences({ version, hasXz }: Daemon): ReadonlyMap<string, string> {
  const now = [
    ...differences,
    ...(hasXz ? [] : [{ why: 'unxz is not installed beside it', cases: ['add-archive-xz'] }]),
  ].filter(({ until = Number.POSITIVE_INFINITY }: Difference) => version < until);
  return new Map(now.flatMap(({ why, cases }) => cases.map((name) => [name, why])));
}
