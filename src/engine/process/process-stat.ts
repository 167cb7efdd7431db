// The fields of /proc/PID/stat that ps prints (proc_pid_stat(5)). Pure.

export interface ProcessStat {
  readonly name: string;
  readonly parentPid: number;
  readonly terminal?: string;
  readonly cpuSeconds: number;
  /** Since boot. */
  readonly startSeconds: number;
}

/** USER_HZ: the same on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** The name stands in parentheses and may contain any character, parentheses too: fields are counted from the last one. */
export function parseProcessStat(text: string): ProcessStat {
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  // Field 3, the state, is the first after the name.
  const field = (number: number) => Number(fields[number - 3]);
  const terminal = describeTerminal(field(7));
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    parentPid: field(4),
    ...(terminal === undefined ? {} : { terminal }),
    cpuSeconds: (field(14) + field(15)) / ticksPerSecond,
    startSeconds: field(22) / ticksPerSecond,
  };
}

/** Minor numbers are in bits 31 to 20 and 7 to 0, the major in 15 to 8. Pseudo-terminals have the majors 136 to 143. */
function describeTerminal(device: number): string | undefined {
  if (device === 0) return undefined;
  const major = (device >>> 8) & 0xff;
  const minor = ((device >>> 20) << 8) | (device & 0xff);
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 2 ** 20 + minor}`;
  return major === 4 && minor < 64 ? `tty${minor}` : `${major}:${minor}`;
}
