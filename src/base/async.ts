// Small pieces of asynchrony that the platform lacks.

/** Settles like `promise`, but rejects with the signal's reason as soon as it fires. The promise itself goes on. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Calls `action` with each item, at most `limit` at a time; the results in the order of the items. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  action: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const work = async () => {
    for (const [index, item] of entries) results[index] = await action(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
}

/** An async iterable that is fed from outside. `end` and `fail` let the reader finish what was pushed before. */
export class PushIterable<T> implements AsyncIterable<T> {
  #queue: T[] = [];
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  push(value: T): void {
    if (this.#ended) return;
    this.#queue.push(value);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#error ??= error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      const batch = this.#queue;
      this.#queue = [];
      yield* batch;
      if (this.#queue.length > 0) continue;
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await new Promise<void>((resume) => {
        this.#wake = resume;
      });
      this.#wake = undefined;
    }
  }
}

/** Runs `work` on every item, at most `parallel` at a time, whatever becomes of the others. In the order of the items. */
export async function settleAll<T, R>(
  items: readonly T[],
  parallel: number,
  work: (item: T) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = [];
  let next = 0;
  const run = async () => {
    while (next < items.length) {
      const at = next++;
      const [settled] = await Promise.allSettled([work(items[at] as T)]);
      results[at] = settled;
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, run));
  return results;
}

/** Waits for all, also after one has failed: nothing may go on behind the caller's back. */
export async function allOrFirst<T>(work: readonly Promise<T>[], failure: AbortController): Promise<T[]> {
  let first: { readonly error: unknown } | undefined;
  const results = await Promise.all(
    work.map((each) =>
      each.catch((error: unknown) => {
        first ??= { error };
        failure.abort(error);
        return undefined as T;
      }),
    ),
  );
  if (first) throw first.error;
  return results;
}
