// Signal names and numbers, as on x86 and ARM. Source: signal(7).

const NAMES = `
  HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU
  XFSZ VTALRM PROF WINCH IO PWR SYS
`
  .trim()
  .split(/\s+/);

const SYNONYMS: Readonly<Record<string, string>> = { IOT: 'ABRT', CLD: 'CHLD', POLL: 'IO', UNUSED: 'SYS' };

/** As programs see them: the C library keeps the kernel's first two real-time signals to itself. */
const FIRST_REAL_TIME = 34;
const LAST_REAL_TIME = 64;

/** `SIGTERM`, `term`, `15`, `SIGRTMIN+3` -> number; undefined if there is no such signal. */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= LAST_REAL_TIME ? number : undefined;
  }
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realTime) return parseRealTime(realTime);
  const index = NAMES.indexOf(SYNONYMS[name] ?? name);
  return index < 0 ? undefined : index + 1;
}

function parseRealTime([, end, sign, offset]: RegExpExecArray): number | undefined {
  const base = end === 'MIN' ? FIRST_REAL_TIME : LAST_REAL_TIME;
  const number = base + Number(`${sign ?? '+'}${offset ?? 0}`);
  return number >= FIRST_REAL_TIME && number <= LAST_REAL_TIME ? number : undefined;
}
