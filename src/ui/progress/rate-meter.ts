// Bytes per second over the last few seconds: fast enough to follow the link, slow enough to be read.

const window = 3000;
/** Milliseconds that have to pass before there is anything to say. */
const least = 400;

export class RateMeter {
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** Undefined as long as nothing can be said, or nothing moves. */
  measure(bytes: number, now: number): number | undefined {
    const samples = this.#samples;
    samples.push({ at: now, bytes });
    while (samples.length > 2 && now - (samples[0]?.at ?? now) > window) samples.shift();
    const first = samples[0];
    if (first === undefined || now - first.at < least || bytes <= first.bytes) return undefined;
    return ((bytes - first.bytes) * 1000) / (now - first.at);
  }
}
