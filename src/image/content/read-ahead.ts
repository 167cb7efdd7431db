// Two stages of a stream at the same time: while one piece is worked on, the next is on its way.

/** Never more than one piece ahead. */
export async function* readAhead<T>(chunks: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = iterator.next();
      // Told when it is its turn; until then it is nobody's.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
