// Sizes in bytes as Compose files write them: `64m`, `1.5gb`, `512k`. Every prefix is a power of 1024, with or without
// the `i`, as in Docker.

const exponents: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };
const size = /^(\d+(?:\.\d*)?|\.\d+) ?([kmgtp]?)(?:i?b)?$/i;

/** Bytes, or undefined if the text is no size. A bare integer may be negative: `-1` means unlimited. */
export function parseBytes(text: string): number | undefined {
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  const match = size.exec(text);
  if (!match) return undefined;
  const unit = (match[2] ?? '').toLowerCase();
  return Math.trunc(Number(match[1]) * 1024 ** (exponents[unit] ?? 0));
}

/** The largest unit that divides the size: `64m`, `1536k`, `100b`. parseBytes reads it back. */
export function formatBytes(bytes: number): string {
  if (bytes <= 0) return String(bytes);
  for (const unit of ['p', 't', 'g', 'm', 'k']) {
    const factor = 1024 ** (exponents[unit] ?? 0);
    if (bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}b`;
}
